package org.otfuse.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.otfuse.Activations;
import org.otfuse.Anchor;
import org.otfuse.Architecture;
import org.otfuse.BackendChoice;
import org.otfuse.FusionEngine;
import org.otfuse.FusionListener;
import org.otfuse.FusionOptions;
import org.otfuse.FusionPlan;
import org.otfuse.InvalidInputException;
import org.otfuse.MarginalKind;
import org.otfuse.Metric;
import org.otfuse.Model;
import org.otfuse.ModelSource;
import org.otfuse.Progress;
import org.otfuse.ResidualPolicy;
import org.otfuse.SinkhornSettings;
import org.otfuse.Solver;
import org.otfuse.TensorLayout;

/** What must hold for prepared plans, on any back end; joined by a subclass of one line. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class PlanSuite {
  private static final float TOLERANCE = 2e-6f;
  private static final Architecture ARCHITECTURE = Mlp.architecture(20, 33, 17, 5);

  private final BackendChoice choice;
  private FusionEngine engine;

  /** Runs the suite on the given back end. */
  protected PlanSuite(BackendChoice choice) {
    this.choice = choice;
  }

  @BeforeAll
  void open() {
    engine = FusionEngine.open(choice);
  }

  @AfterAll
  void close() {
    engine.close();
  }

  private static FloatBuffer direct(int floats) {
    return ByteBuffer.allocateDirect(4 * floats).order(ByteOrder.nativeOrder()).asFloatBuffer();
  }

  private static FloatBuffer flat(Model model) {
    int length = model.tensors().stream().mapToInt(FloatBuffer::remaining).sum();
    FloatBuffer flat = direct(length);
    model.tensors().forEach(tensor -> flat.put(tensor.duplicate()));
    return flat.rewind();
  }

  private static Model model(long seed) {
    return Mlp.random("model-" + seed, ARCHITECTURE, seed);
  }

  private static FloatBuffer poisoned(int floats) {
    FloatBuffer buffer = direct(floats);
    for (int i = 0; i < floats; i++) {
      buffer.put(i, Float.NaN);
    }
    return buffer;
  }

  private static void assertNear(FloatBuffer expected, FloatBuffer found) {
    assertEquals(expected.remaining(), found.remaining());
    for (int i = 0; i < expected.remaining(); i++) {
      float e = expected.get(i);
      assertEquals(e, found.get(i), TOLERANCE * Math.max(1, Math.abs(e)), "index " + i);
    }
  }

  private void planAgreesWithEngine(FusionOptions options, List<Model> models) {
    FloatBuffer expected = flat(engine.fuse(models, options).model());
    try (FusionPlan plan = engine.prepare(ARCHITECTURE, options)) {
      FloatBuffer output = poisoned(plan.length());
      plan.fuse(models.stream().map(PlanSuite::flat).toList(), output);
      assertNear(expected, output);
    }
  }

  @Test
  void aPlanGivesWhatTheEngineGives() {
    planAgreesWithEngine(FusionOptions.DEFAULTS, List.of(model(1), model(2)));
    planAgreesWithEngine(
        FusionOptions.builder().solver(Solver.SINKHORN).build(), List.of(model(3), model(4)));
    planAgreesWithEngine(
        FusionOptions.builder().marginals(MarginalKind.L2).build(), List.of(model(5), model(6)));
    planAgreesWithEngine(
        FusionOptions.builder().weights(0.5, 0.3, 0.2).anchor(1).build(),
        List.of(model(7), model(8), model(9)));
  }

  /** Options that no program can say, for two models with a residual stream. */
  private static List<FusionOptions> beyondPrograms() {
    return List.of(
        FusionOptions.builder().sweeps(3).seed(5).build(),
        FusionOptions.builder().solver(Solver.SINKHORN).sweeps(1).build(),
        FusionOptions.builder().solver(Solver.IDENTITY).build(),
        FusionOptions.builder().residuals(ResidualPolicy.MEAN).marginals(MarginalKind.L1).build(),
        FusionOptions.builder().residuals(ResidualPolicy.FIRST).anchor(1).build(),
        FusionOptions.builder().anchor(Anchor.automatic()).weights(0.7, 0.3).build());
  }

  private static final Architecture RESIDUAL = ResidualMlp.architecture(10, 3, 8, 7, 6, 9, 8);

  @Test
  void aPlanGivesTheBitsOfTheEngineForOptionsThatNoProgramCanSay() {
    List<Model> models = List.of(Mlp.random("a", RESIDUAL, 20), Mlp.random("b", RESIDUAL, 21));
    List<FloatBuffer> flat = models.stream().map(PlanSuite::flat).toList();
    for (FusionOptions options : beyondPrograms()) {
      FloatBuffer expected = flat(engine.fuse(models, options).model());
      try (FusionPlan plan = engine.prepare(RESIDUAL, options)) {
        for (int call = 0; call < 2; call++) {
          FloatBuffer output = poisoned(plan.length());
          plan.fuse(flat, output);
          assertEquals(expected, output, options.toString());
        }
      }
    }
  }

  /** Direct buffers with 12 values a neuron. */
  private static Activations activations(long seed) {
    return (group, producer) -> {
      int n = RESIDUAL.groups().get(group).size();
      FloatBuffer values = direct(12 * n);
      Random random = new Random(31 * seed + 7 * group + producer);
      for (int i = 0; i < 12 * n; i++) {
        values.put(i, (float) random.nextGaussian());
      }
      return values;
    };
  }

  @Test
  void aPlanThatIsGivenActivationsGivesTheBitsOfTheEngine() {
    List<Model> models = List.of(Mlp.random("a", RESIDUAL, 22), Mlp.random("b", RESIDUAL, 23));
    List<FloatBuffer> flat = models.stream().map(PlanSuite::flat).toList();
    List<Activations> activations = List.of(activations(1), activations(2));
    List<FusionOptions> all = new ArrayList<>(beyondPrograms());
    all.add(FusionOptions.DEFAULTS);
    all.add(FusionOptions.builder().solver(Solver.SINKHORN).build());
    all.add(FusionOptions.builder().marginals(MarginalKind.ACTIVATION).build());
    for (FusionOptions options : all) {
      ModelSource source = ModelSource.of(models, activations);
      FloatBuffer expected = flat(engine.fuse(source, options, FusionListener.none()).model());
      try (FusionPlan plan = engine.prepare(RESIDUAL, options)) {
        FloatBuffer output = poisoned(plan.length());
        plan.fuse(flat, activations, output, Progress.none());
        assertEquals(expected, output, options.toString());
      }
    }
  }

  @Test
  void missingActivationsAreRefused() {
    List<FloatBuffer> flat = List.of(flat(model(24)), flat(model(25)));
    FusionOptions options = FusionOptions.builder().marginals(MarginalKind.ACTIVATION).build();
    try (FusionPlan plan = engine.prepare(ARCHITECTURE, options)) {
      FloatBuffer output = direct(plan.length());
      assertEquals(
          "Marginals by activation were asked for without activations, expected calibration data.",
          assertThrows(InvalidInputException.class, () -> plan.fuse(flat, output)).getMessage());
      assertEquals(
          "Activations of 0 models were given to a plan for 2.",
          assertThrows(
                  InvalidInputException.class,
                  () -> plan.fuse(flat, List.of(), output, Progress.none()))
              .getMessage());
    }
  }

  @Test
  void aWeightThatIsNotFiniteIsRefusedWithItsTensorAndPlace() {
    FloatBuffer good = flat(model(30));
    for (float value : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      for (Solver solver : List.of(Solver.EXACT, Solver.SINKHORN)) {
        try (FusionPlan plan =
            engine.prepare(ARCHITECTURE, FusionOptions.builder().solver(solver).build())) {
          FloatBuffer expected = direct(plan.length());
          FloatBuffer output = direct(plan.length());
          plan.fuse(List.of(good, good), expected);
          int offset = 0;
          for (TensorLayout tensor : ARCHITECTURE.tensors()) {
            for (int k = 0; k < 2; k++) {
              FloatBuffer bad = flat(model(31)).put(offset + tensor.length() - 1, value);
              List<FloatBuffer> models = k == 0 ? List.of(bad, good) : List.of(good, bad);
              InvalidInputException e =
                  assertThrows(InvalidInputException.class, () -> plan.fuse(models, output));
              assertEquals(
                  "Tensor %s of model model %d has %s at index %d, expected finite numbers."
                      .formatted(tensor.name(), k, value, tensor.length() - 1),
                  e.getMessage());
            }
            offset += tensor.length();
          }
          plan.fuse(List.of(good, good), output);
          assertEquals(expected, output);
        }
      }
    }
  }

  @Test
  void aPlanGivesWhatTheEngineGivesForWeightsOfAnyMagnitude() {
    for (float value : new float[] {3e38f, -1e20f, 1e15f, 1e-30f}) {
      for (Metric metric : Metric.values()) {
        for (Solver solver : List.of(Solver.EXACT, Solver.SINKHORN)) {
          for (MarginalKind marginals : List.of(MarginalKind.UNIFORM, MarginalKind.L2)) {
            Model first = model(32);
            first.tensors().get(2).put(70, value);
            planAgreesWithEngine(
                FusionOptions.builder().metric(metric).solver(solver).marginals(marginals).build(),
                List.of(first, model(33)));
          }
        }
      }
    }
  }

  @Test
  void aPlanGivesWhatTheEngineGivesForModelsThatAreAllSmallOrLarge() {
    for (double factor : new double[] {1e-30, 1e25}) {
      planAgreesWithEngine(
          FusionOptions.DEFAULTS, List.of(times(factor, model(34)), times(factor, model(35))));
    }
  }

  private static Model times(double factor, Model model) {
    for (FloatBuffer tensor : model.tensors()) {
      for (int i = 0; i < tensor.remaining(); i++) {
        tensor.put(i, (float) (factor * tensor.get(i)));
      }
    }
    return model;
  }

  @Test
  void aPlanGivesTheSameBitsAgainAndForOtherModelsInBetween() {
    List<FloatBuffer> models = List.of(flat(model(10)), flat(model(11)));
    List<FloatBuffer> others = List.of(flat(model(12)), flat(model(13)));
    try (FusionPlan plan = engine.prepare(ARCHITECTURE, FusionOptions.DEFAULTS)) {
      FloatBuffer first = poisoned(plan.length());
      FloatBuffer other = poisoned(plan.length());
      FloatBuffer again = direct(plan.length());
      plan.fuse(models, first);
      plan.fuse(others, other);
      plan.fuse(models, again);
      assertEquals(first, again);
    }
  }

  @Test
  void aWarmStartGivesTheSameFusionWithinTheTolerance() {
    List<FloatBuffer> models = List.of(flat(model(20)), flat(model(21)));
    FusionOptions.Builder options = FusionOptions.builder().solver(Solver.SINKHORN);
    try (FusionPlan cold = engine.prepare(ARCHITECTURE, options.build());
        FusionPlan warm =
            engine.prepare(
                ARCHITECTURE, options.sinkhorn(SinkhornSettings.DEFAULTS.warm()).build())) {
      FloatBuffer expected = direct(cold.length());
      cold.fuse(models, expected);
      for (int call = 0; call < 3; call++) {
        FloatBuffer found = poisoned(warm.length());
        warm.fuse(models, found);
        for (int i = 0; i < expected.remaining(); i++) {
          assertEquals(expected.get(i), found.get(i), 1e-3f, "call " + call + " index " + i);
        }
      }
    }
  }

  @Test
  void buffersWithAPositionAreReadFromThere() {
    FloatBuffer a = flat(model(14));
    FloatBuffer shifted = direct(a.remaining() + 3);
    shifted.position(3).put(a.duplicate());
    shifted.position(3);
    FloatBuffer b = flat(model(15));
    try (FusionPlan plan = engine.prepare(ARCHITECTURE, FusionOptions.DEFAULTS)) {
      FloatBuffer expected = direct(plan.length());
      FloatBuffer found = direct(plan.length() + 5);
      plan.fuse(List.of(a, b), expected);
      plan.fuse(List.of(shifted, b), found.position(5));
      assertEquals(expected, found);
      assertEquals(3, shifted.position());
    }
  }

  @Test
  void heapBuffersAndOtherLengthsAreRefused() {
    FloatBuffer a = flat(model(16));
    try (FusionPlan plan = engine.prepare(ARCHITECTURE, FusionOptions.DEFAULTS)) {
      FloatBuffer output = direct(plan.length());
      FloatBuffer heap = FloatBuffer.allocate(plan.length());
      FloatBuffer small = direct(plan.length() - 1);
      FloatBuffer foreign =
          ByteBuffer.allocateDirect(4 * plan.length())
              .order(
                  ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN
                      ? ByteOrder.BIG_ENDIAN
                      : ByteOrder.LITTLE_ENDIAN)
              .asFloatBuffer();
      for (FloatBuffer bad : List.of(heap, small, foreign)) {
        assertThrows(InvalidInputException.class, () -> plan.fuse(List.of(a, bad), output));
        assertThrows(InvalidInputException.class, () -> plan.fuse(List.of(a, a), bad));
      }
      assertThrows(InvalidInputException.class, () -> plan.fuse(List.of(a), output));
    }
  }

  @Test
  void aClosedPlanSaysSo() {
    FusionPlan plan = engine.prepare(ARCHITECTURE, FusionOptions.DEFAULTS);
    plan.close();
    plan.close();
    FloatBuffer a = flat(model(17));
    FloatBuffer output = direct(plan.length());
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> plan.fuse(List.of(a, a), output));
    assertEquals("the plan cannot run now: it is closed", e.getMessage());
  }

  @Test
  void manyThreadsEachWithAPlanGiveTheSameBits() throws Exception {
    List<FloatBuffer> models = List.of(flat(model(18)), flat(model(19)));
    FloatBuffer expected = direct(models.get(0).remaining());
    try (FusionPlan plan = engine.prepare(ARCHITECTURE, FusionOptions.DEFAULTS)) {
      plan.fuse(models, expected);
    }
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<FloatBuffer>> results = new ArrayList<>();
      for (int t = 0; t < 16; t++) {
        results.add(
            threads.submit(
                () -> {
                  try (FusionPlan plan = engine.prepare(ARCHITECTURE, FusionOptions.DEFAULTS)) {
                    FloatBuffer output = poisoned(plan.length());
                    plan.fuse(models, output);
                    return output;
                  }
                }));
      }
      for (Future<FloatBuffer> result : results) {
        assertEquals(expected, result.get());
      }
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void anOutputThatOverlapsAModelIsRefusedOrComputedRight() {
    List<Model> models = List.of(model(1), model(2));
    FloatBuffer expected = flat(engine.fuse(models, FusionOptions.DEFAULTS).model());
    try (FusionPlan plan = engine.prepare(ARCHITECTURE, FusionOptions.DEFAULTS)) {
      int length = plan.length();
      FloatBuffer memory = direct(length + 7);
      FloatBuffer first = memory.slice(0, length).put(flat(models.get(0))).rewind();
      FloatBuffer output = memory.slice(7, length);
      try {
        plan.fuse(List.of(first, flat(models.get(1))), output);
      } catch (IllegalArgumentException e) {
        assertTrue(e.getMessage().contains("overlaps"), e.getMessage());
        assertEquals(flat(models.get(0)), first, "nothing was written");
        return;
      }
      assertNear(expected, output);
    }
  }
}
