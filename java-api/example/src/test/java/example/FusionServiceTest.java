package example;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.otfuse.FusionEngine;
import org.otfuse.FusionOptions;
import org.otfuse.Model;

class FusionServiceTest {
  @Test
  void fourThreadsAnswerAsOneEngineDoes() throws Exception {
    List<Model> models = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      models.add(Networks.random("model " + i, i));
    }
    List<Future<FloatBuffer>> answers = new ArrayList<>();
    try (FusionEngine engine = FusionEngine.open();
        FusionService service = new FusionService(engine, 4)) {
      for (int i = 0; i < 200; i++) {
        FloatBuffer a = Networks.flat(models.get(i % 8));
        FloatBuffer b = Networks.flat(models.get((i + 3) % 8));
        answers.add(service.fuse(a, b));
      }
      for (int i = 0; i < answers.size(); i++) {
        List<Model> pair = List.of(models.get(i % 8), models.get((i + 3) % 8));
        Model fused = engine.fuse(pair, FusionOptions.DEFAULTS).model();
        FloatBuffer expected = Networks.flat(fused);
        FloatBuffer found = answers.get(i).get();
        for (int j = 0; j < expected.remaining(); j++) {
          assertEquals(expected.get(j), found.get(j), 1e-6f, "weight " + j + " of answer " + i);
        }
      }
    }
  }

  @Test
  void theProgramRuns() throws Exception {
    FusionService.main(new String[0]);
  }
}
