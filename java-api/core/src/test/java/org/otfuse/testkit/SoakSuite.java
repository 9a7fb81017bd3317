package org.otfuse.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.otfuse.Architecture;
import org.otfuse.BackendChoice;
import org.otfuse.FusionEngine;
import org.otfuse.FusionOptions;
import org.otfuse.FusionPlan;
import org.otfuse.Model;
import org.otfuse.Solver;
import org.otfuse.spi.BackendSettings;

/**
 * A service that fuses for a long time, or opens and closes again and again, holds no more memory,
 * threads or files than at its beginning. The system property {@code otfuse.soak} says how often,
 * 100000 for a long run. Joined by a subclass of one line.
 */
public abstract class SoakSuite {
  private static final int TIMES = Integer.getInteger("otfuse.soak", 50);
  private static final int WARM_UP = Math.max(20, TIMES / 20);
  private static final BackendSettings THREADS = new BackendSettings(2);
  private static final Architecture ARCHITECTURE = Mlp.architecture(12, 16, 9, 4);
  private static final Model A = Mlp.random("a", ARCHITECTURE, 1);
  private static final Model B = Mlp.random("b", ARCHITECTURE, 2);

  private final BackendChoice choice;

  /** Runs the suite on the given back end. */
  protected SoakSuite(BackendChoice choice) {
    this.choice = choice;
  }

  private static FloatBuffer flat(Model model) {
    int length = model.tensors().stream().mapToInt(FloatBuffer::remaining).sum();
    FloatBuffer flat = Arena.direct(length);
    model.tensors().forEach(tensor -> flat.put(tensor.duplicate()));
    return flat.rewind();
  }

  private static void soak(String what, Runnable once) throws InterruptedException {
    for (int i = 0; i < WARM_UP; i++) {
      once.run();
    }
    Resources before = Resources.now();
    for (int i = 0; i < TIMES; i++) {
      once.run();
    }
    before.requireNoGrowth(TIMES + " times " + what);
  }

  @Test
  void fusionsThroughAPlanHoldNothing() throws InterruptedException {
    List<FloatBuffer> models = List.of(flat(A), flat(B));
    FusionOptions options = FusionOptions.builder().solver(Solver.SINKHORN).build();
    try (FusionEngine engine = FusionEngine.open(choice, THREADS);
        FusionPlan plan = engine.prepare(ARCHITECTURE, options)) {
      FloatBuffer expected = Arena.direct(plan.length());
      FloatBuffer output = Arena.direct(plan.length());
      plan.fuse(models, expected);
      soak(
          "a fusion through a plan",
          () -> {
            plan.fuse(models, output);
            assertEquals(expected, output);
          });
    }
  }

  @Test
  void fusionsOfModelsHoldNothing() throws InterruptedException {
    try (FusionEngine engine = FusionEngine.open(choice, THREADS)) {
      soak("a fusion", () -> engine.fuse(List.of(A, B), FusionOptions.DEFAULTS));
    }
  }

  @Test
  void opensAndClosesHoldNothing() throws InterruptedException {
    List<FloatBuffer> models = List.of(flat(A), flat(B));
    FloatBuffer output = Arena.direct(models.get(0).remaining());
    soak(
        "opening and closing an engine and a plan",
        () -> {
          try (FusionEngine engine = FusionEngine.open(choice, THREADS);
              FusionPlan plan = engine.prepare(ARCHITECTURE, FusionOptions.DEFAULTS)) {
            plan.fuse(models, output);
          }
        });
  }
}
