package example;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.otfuse.FusionEngine;

class CancellationTest {
  @Test
  void aFusionThatIsStoppedLeavesTheEngineUsable() {
    Cancellation stopped = new Cancellation();
    stopped.stop();
    try (FusionEngine engine = FusionEngine.open()) {
      assertFalse(Cancellation.fuse(engine, TwentyClients.networks(), stopped));
      assertTrue(Cancellation.fuse(engine, TwentyClients.networks(), new Cancellation()));
    }
  }

  @Test
  void theProgramRuns() {
    Cancellation.main(new String[0]);
  }
}
