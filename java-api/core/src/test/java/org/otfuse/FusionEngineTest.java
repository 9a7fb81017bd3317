package org.otfuse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.function.Executable;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.NeuronMap;
import org.otfuse.testkit.Mlp;

/** What the engine's methods refuse, in words. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FusionEngineTest {
  private static final Architecture ARCHITECTURE = Mlp.architecture(4, 3, 2);
  private static final Model A = Mlp.random("a", ARCHITECTURE, 1);
  private static final Model B = Mlp.random("b", ARCHITECTURE, 2);
  private static final FusionOptions OPTIONS = FusionOptions.DEFAULTS;

  private final FusionEngine engine = FusionEngine.open(BackendChoice.JAVA);

  @AfterAll
  void close() {
    engine.close();
  }

  private static void refuses(
      Class<? extends RuntimeException> type, Map<String, Executable> cases) {
    cases.forEach(
        (message, call) -> assertEquals(message, assertThrows(type, call, message).getMessage()));
  }

  @Test
  void weightsOfAnAverageMustBeOneAModelAndSumToOne() {
    List<Model> models = List.of(A, B);
    String counts =
        "Found %d models and %d weights to average, expected a model or more and one weight for"
            + " each.";
    Map<String, Executable> cases = new LinkedHashMap<>();
    cases.put(counts.formatted(0, 0), () -> engine.average(List.of(), List.of()));
    cases.put(counts.formatted(2, 0), () -> engine.average(models, List.of()));
    cases.put(counts.formatted(2, 1), () -> engine.average(models, List.of(1.0)));
    cases.put(counts.formatted(2, 3), () -> engine.average(models, List.of(0.5, 0.25, 0.25)));
    cases.put(
        "The weights [0.0, 0.0] sum to 0.0, expected 1 within 1.0E-6.",
        () -> engine.average(models, List.of(0.0, 0.0)));
    for (double weight : new double[] {-0.5, Double.NaN, Double.POSITIVE_INFINITY}) {
      cases.put(
          "weight 2 is " + weight + ", expected a finite number that is not negative.",
          () -> engine.average(models, List.of(1.5, weight)));
    }
    refuses(InvalidInputException.class, cases);
  }

  @Test
  void onlyPermutationsAreCarried() {
    String map = "The map of neuron group layer0 is %s, expected a permutation of its 3 neurons.";
    Map<String, Executable> cases = new LinkedHashMap<>();
    cases.put(
        "Found 0 maps, expected one for each of the 1 neuron groups.",
        () -> engine.carry(A, List.of()));
    cases.put(
        "Found 2 maps, expected one for each of the 1 neuron groups.",
        () -> engine.carry(A, List.of(new NeuronMap.Identity(3), new NeuronMap.Identity(3))));
    cases.put(map.formatted("one of 4 neurons"), () -> carry(new NeuronMap.Identity(4)));
    cases.put(
        map.formatted("one of 3 neurons that takes one twice"), () -> carry(hard(3, 0, 1, 1)));
    cases.put(map.formatted("one of 3 neurons onto 2"), () -> carry(hard(3, 0, 1)));
    cases.put(map.formatted("missing"), () -> engine.carry(A, Arrays.asList((NeuronMap) null)));
    try (DeviceBuffer values = engine.backend().allocate(9)) {
      NeuronMap soft = new NeuronMap.Soft(Matrix.of(values, 3, 3));
      cases.put(map.formatted("soft"), () -> carry(soft));
      refuses(InvalidInputException.class, cases);
    }
  }

  private Model carry(NeuronMap map) {
    return engine.carry(A, List.of(map));
  }

  private static NeuronMap hard(int neurons, int... source) {
    return new NeuronMap.Hard(source, neurons);
  }

  private static Activations samples(int values) {
    return (group, producer) -> FloatBuffer.allocate(values);
  }

  private FusionResult fused(List<Activations> activations) {
    return engine.fuse(ModelSource.of(List.of(A, B), activations), OPTIONS, FusionListener.none());
  }

  @Test
  void activationsMustBeWholeRowsOfTheSameSamples() {
    String values =
        "The activations of layer layer0 of model b have %s values, expected as many for each of"
            + " the 3 neurons of group layer0.";
    Map<String, Executable> cases = new LinkedHashMap<>();
    cases.put(values.formatted(7), () -> fused(List.of(samples(9), samples(7))));
    cases.put(
        "Activations of producer 0 of neuron group layer0 were given for only one of the two models,"
            + " expected both or none.",
        () -> engine.align(B, samples(0), A, samples(9), OPTIONS.alignment()));
    Activations none = (group, producer) -> null;
    cases.put(values.formatted("no"), () -> fused(List.of(samples(9), none)));
    cases.put(
        "The features of neuron group layer0 have length 2 in model b and 3 in the anchor a,"
            + " expected the same.",
        () -> fused(List.of(samples(9), samples(6))));
    cases.put(
        "Activations of 1 models were given for 2 models, expected one for each.",
        () -> fused(List.of(samples(9))));
    refuses(InvalidInputException.class, cases);
  }

  @Test
  void plansOfOneModelAreRefused() {
    FusionOptions one = FusionOptions.builder().weights(1).build();
    assertEquals(
        "Found 1 models to fuse, expected at least 2.",
        assertThrows(InvalidInputException.class, () -> engine.prepare(ARCHITECTURE, one))
            .getMessage());
    Architecture huge = Mlp.architecture(1 << 16, 1 << 14, 1 << 16);
    assertEquals(
        "The models have 2147565568 weights, expected 2147483647 at most, as many as a buffer"
            + " holds.",
        assertThrows(InvalidInputException.class, () -> engine.prepare(huge, OPTIONS))
            .getMessage());
  }

  private static FloatBuffer flat(Model model, FloatBuffer flat) {
    model.tensors().forEach(tensor -> flat.put(tensor.duplicate()));
    return flat.rewind();
  }

  @Test
  void anOutputOverItsModelsIsRefusedOrRight() {
    try (FusionPlan plan = engine.prepare(ARCHITECTURE, OPTIONS)) {
      FloatBuffer room =
          ByteBuffer.allocateDirect(8 * plan.length())
              .order(ByteOrder.nativeOrder())
              .asFloatBuffer();
      FloatBuffer a = flat(A, room.slice(0, plan.length()));
      FloatBuffer b = flat(B, room.slice(plan.length(), plan.length()));
      FloatBuffer output = room.slice(plan.length() / 2, plan.length());
      assertEquals(
          "The buffer of the output is that of model 1, expected one of its own.",
          assertThrows(InvalidInputException.class, () -> plan.fuse(List.of(a, b), b))
              .getMessage());
      plan.fuse(List.of(a, b), output);
      int first = 0;
      for (FloatBuffer expected : engine.fuse(List.of(A, B), OPTIONS).model().tensors()) {
        assertEquals(expected, output.slice(first, expected.remaining()));
        first += expected.remaining();
      }
    }
  }

  @Test
  void nullsAreRefusedByName() {
    List<Model> models = List.of(A, B);
    Map<String, Executable> cases = new LinkedHashMap<>();
    cases.put("models", () -> engine.fuse((List<Model>) null, OPTIONS));
    cases.put("options", () -> engine.fuse(models, null));
    cases.put("activations", () -> ModelSource.of(models, null));
    cases.put("listener", () -> engine.fuse(ModelSource.of(models), OPTIONS, null));
    cases.put(
        "progress", () -> engine.chooseAnchor(ModelSource.of(models), OPTIONS.alignment(), null));
    cases.put("source", () -> engine.fuse((ModelSource) null, OPTIONS, FusionListener.none()));
    cases.put("anchor", () -> engine.align(A, null, OPTIONS.alignment()));
    cases.put("architecture", () -> engine.prepare(null, OPTIONS));
    cases.put("weights", () -> engine.average(models, null));
    cases.put("maps", () -> engine.carry(A, null));
    cases.put("model", () -> engine.carry(null, List.of()));
    cases.put("tensors", () -> new Model("m", ARCHITECTURE, null));
    refuses(NullPointerException.class, cases);
  }

  @Test
  void sinkhornSettingsOutOfRangeAreRefused() {
    SinkhornSettings defaults = SinkhornSettings.DEFAULTS;
    for (double epsilon : new double[] {0, -1, 9e-7, 1001, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertEquals(
          "epsilon is " + epsilon + ", expected 1.0E-6 to 1000.0.",
          assertThrows(InvalidInputException.class, () -> defaults.withEpsilon(epsilon))
              .getMessage());
    }
    for (double tau : new double[] {0, -1, 9e-61, 1.1e60, Double.NaN}) {
      assertEquals(
          "tau is " + tau + ", expected 1.0E-60 to 1.0E60 or infinity.",
          assertThrows(InvalidInputException.class, () -> defaults.withTau(tau)).getMessage());
    }
    for (double tolerance : new double[] {-1e-9, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertEquals(
          "tolerance is " + tolerance + ", expected a finite number of 0 or above.",
          assertThrows(
                  InvalidInputException.class,
                  () -> new SinkhornSettings(0.1, tolerance, 10, 1, false))
              .getMessage());
    }
    for (double annealing : new double[] {-0.1, 1, Double.NaN}) {
      assertEquals(
          "annealing is " + annealing + ", expected a factor of at least 0 and below 1.",
          assertThrows(InvalidInputException.class, () -> defaults.withAnnealing(annealing))
              .getMessage());
    }
    for (double edge : new double[] {1e-6, 1e3}) {
      assertEquals(edge, defaults.withEpsilon(edge).epsilon());
    }
  }
}
