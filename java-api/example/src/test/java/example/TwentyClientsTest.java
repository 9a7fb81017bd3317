package example;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.otfuse.FusionEngine;
import org.otfuse.Model;

class TwentyClientsTest {
  @Test
  void theOrderInWhichSumsArriveDoesNotMatter() {
    List<Model> networks = TwentyClients.networks();
    Model anchor = networks.get(0);
    try (FusionEngine engine = FusionEngine.open()) {
      byte[] first = TwentyClients.serve(engine, anchor, networks.subList(0, 5));
      byte[] second = TwentyClients.serve(engine, anchor, networks.subList(5, 12));
      byte[] third = TwentyClients.serve(engine, anchor, networks.subList(12, 20));
      assertEquals(
          TwentyClients.merge(anchor, List.of(first, second, third)).tensors(),
          TwentyClients.merge(anchor, List.of(third, first, second)).tensors());
    }
  }

  @Test
  void theProgramRuns() {
    TwentyClients.main(new String[0]);
  }
}
