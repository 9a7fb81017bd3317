package org.otfuse.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.otfuse.testkit.FusionChecks.assertSameWeights;
import static org.otfuse.testkit.FusionChecks.input;

import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.otfuse.Activations;
import org.otfuse.Architecture;
import org.otfuse.BackendChoice;
import org.otfuse.FeatureKind;
import org.otfuse.FusionEngine;
import org.otfuse.FusionListener;
import org.otfuse.FusionOptions;
import org.otfuse.FusionResult;
import org.otfuse.InputMap;
import org.otfuse.InvalidInputException;
import org.otfuse.MarginalKind;
import org.otfuse.Metric;
import org.otfuse.Model;
import org.otfuse.ModelSource;
import org.otfuse.SinkhornSettings;
import org.otfuse.Solver;
import org.otfuse.spi.BackendSettings;

/** What must hold for whole fusions, on any back end; joined by a subclass of one line. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class FusionSuite
    implements ResidualChecks,
        DescentChecks,
        ManyModelsChecks,
        ObserverChecks,
        FiniteDoorChecks,
        MagnitudeChecks,
        DeterminismChecks {
  private final BackendChoice choice;
  private FusionEngine engine;

  /** Runs the suite on the given back end. */
  protected FusionSuite(BackendChoice choice) {
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

  @Override
  public FusionEngine engine() {
    return engine;
  }

  @Override
  public FusionEngine withThreads(int threads) {
    return FusionEngine.open(choice, new BackendSettings(threads));
  }

  private static Model model(long seed, int... widths) {
    return FusionChecks.mlp(seed, widths);
  }

  private static void assertSameFunction(Model expected, Model found, int inputs) {
    FusionChecks.assertSameFunction(expected, found, inputs, Mlp::outputs);
  }

  private static FusionOptions onto(int anchor, double... weights) {
    return FusionOptions.builder().anchor(anchor).weights(weights).build();
  }

  @Test
  void permutingNeuronsKeepsTheFunction() {
    Model model = model(1, 20, 33, 17, 5);
    assertSameFunction(model, permuted(model, 7), 20);
  }

  @Test
  void fusingAModelWithItsPermutedCopyGivesTheModelBack() {
    Model model = model(2, 20, 65, 31, 5);
    FusionResult result = engine.fuse(List.of(model, permuted(model, 8)), FusionOptions.DEFAULTS);
    assertSameWeights(model, result.model(), SAME);
    assertEquals(engine.backend().name(), result.backend());
  }

  @Test
  void sinkhornGivesAPermutedCopyBackWhereTheCouplingIsSharp() {
    Model model = model(3, 64, 40, 24, 5);
    FusionOptions options =
        FusionOptions.builder()
            .solver(Solver.SINKHORN)
            .sinkhorn(SinkhornSettings.DEFAULTS.withEpsilon(0.01))
            .build();
    FusionResult result = engine.fuse(List.of(model, permuted(model, 9)), options);
    assertSameWeights(model, result.model(), 1e-4f);
    assertTrue(result.groups().stream().allMatch(g -> g.transport().converged()));
    assertTrue(result.groups().stream().allMatch(g -> g.solver().equals("sinkhorn")));
  }

  @Test
  void allWeightOnTheAnchorGivesTheAnchorBackBitForBit() {
    Model a = model(4, 12, 16, 9, 3);
    Model b = model(5, 12, 16, 9, 3);
    FusionResult result = engine.fuse(List.of(a, b), onto(1, 0, 1));
    for (int t = 0; t < b.tensors().size(); t++) {
      assertEquals(b.tensors().get(t), result.model().tensors().get(t));
    }
  }

  @Test
  void allWeightOnTheOtherModelKeepsItsFunction() {
    Model a = model(6, 12, 30, 21, 3);
    Model b = model(7, 12, 30, 21, 3);
    assertSameFunction(a, engine.fuse(List.of(a, b), onto(1, 1, 0)).model(), 12);
  }

  @Test
  void activationsThatAreTheSameUpToOrderAlignLikeWeights() {
    Model model = model(8, 20, 33, 17, 5);
    Model copy = permuted(model, 10);
    FusionResult result =
        engine.fuse(
            ModelSource.of(List.of(model, copy), List.of(hidden(model), hidden(copy))),
            FusionOptions.DEFAULTS,
            FusionListener.none());
    assertSameWeights(model, result.model(), SAME);
    assertEquals(FeatureKind.ACTIVATIONS, result.features());
  }

  /** Outputs of every hidden layer before the ReLU on a few inputs. */
  private static Activations hidden(Model model) {
    return (group, producer) -> {
      int n = model.architecture().groups().get(group).size();
      int samples = 40;
      FloatBuffer features = FloatBuffer.allocate(n * samples);
      List<FloatBuffer> tensors = model.tensors().subList(0, 2 * group + 2);
      Model head =
          new Model(
              "head",
              new Architecture(
                  model.architecture().tensors().subList(0, 2 * group + 2),
                  model.architecture().groups().subList(0, group + 1),
                  List.of()),
              tensors);
      for (int s = 0; s < samples; s++) {
        double[] y = Mlp.outputs(head, input(20, 100 + s));
        for (int i = 0; i < n; i++) {
          features.put(i * samples + s, (float) y[i]);
        }
      }
      return features;
    };
  }

  @Test
  void aWiderCopyWithSplitNeuronsFusesBackToTheNarrowFunction() {
    Model narrow = model(9, 10, 8, 6, 3);
    Model wide = Widened.of(narrow, 2);
    assertSameFunction(narrow, wide, 10);
    FusionResult result = engine.fuse(List.of(wide, narrow), onto(1, 1, 0));
    assertSameFunction(narrow, result.model(), 10);
  }

  @Test
  void fourModelsWithDifferentWidthsFuseIntoTheAnchorsShape() {
    List<Model> models =
        List.of(
            model(10, 10, 16, 8, 3),
            model(11, 10, 12, 9, 3),
            model(12, 10, 20, 8, 3),
            model(13, 10, 16, 16, 3));
    FusionResult result = engine.fuse(models, onto(1, 0.1, 0.2, 0.3, 0.4));
    assertEquals(models.get(1).architecture(), result.model().architecture());
    assertEquals(6, result.groups().size());
    for (FloatBuffer tensor : result.model().tensors()) {
      for (int i = 0; i < tensor.remaining(); i++) {
        assertTrue(Float.isFinite(tensor.get(i)));
      }
    }
  }

  @Test
  void theAverageOfPermutedCopiesWeighsEachModel() {
    Model a = model(14, 10, 16, 8, 3);
    FusionResult result =
        engine.fuse(
            List.of(a, permuted(a, 11), permuted(a, 12), permuted(a, 13)),
            onto(0, 0.4, 0.3, 0.2, 0.1));
    assertSameWeights(a, result.model(), SAME);
  }

  @Test
  void everyMetricMarginalAndInputMapFindsAPermutedCopy() {
    Model model = model(15, 24, 20, 12, 3);
    Model copy = permuted(model, 14);
    for (Metric metric : Metric.values()) {
      for (MarginalKind marginals :
          List.of(MarginalKind.UNIFORM, MarginalKind.L1, MarginalKind.L2)) {
        for (InputMap inputMap : InputMap.values()) {
          FusionOptions options =
              FusionOptions.builder()
                  .metric(metric)
                  .marginals(marginals)
                  .inputMap(inputMap)
                  .build();
          FusionResult result = engine.fuse(List.of(model, copy), options);
          assertSameWeights(model, result.model(), 1e-5f);
        }
      }
    }
  }

  @Test
  void twoFusionsOfTheSameModelsGiveTheSameBits() {
    List<Model> models = List.of(model(16, 30, 40, 25, 5), model(17, 30, 40, 25, 5));
    FusionOptions options = FusionOptions.builder().solver(Solver.SINKHORN).build();
    FusionResult first = engine.fuse(models, options);
    FusionResult second = engine.fuse(models, options);
    assertEquals(first.model().tensors(), second.model().tensors());
  }

  @Test
  void modelsThatDifferAreRefusedWithTheFirstDifference() {
    Model a = model(18, 10, 8, 3);
    Model deeper = model(19, 10, 8, 8, 3);
    Model otherOutputs = model(20, 10, 8, 4);
    InvalidInputException depth =
        assertThrows(
            InvalidInputException.class,
            () -> engine.fuse(List.of(a, deeper), FusionOptions.DEFAULTS));
    assertEquals(
        "Model model-19 cannot be fused with model-18: tensor weight1 has shape [8, 8], expected"
            + " [3, 8] as in weight1 (axis 0 differs in more than the number of neurons).",
        depth.getMessage());
    InvalidInputException outputs =
        assertThrows(
            InvalidInputException.class,
            () -> engine.fuse(List.of(a, otherOutputs), FusionOptions.DEFAULTS));
    assertTrue(outputs.getMessage().contains("weight1 has shape [4, 8]"), outputs.getMessage());
  }

  @Test
  void oneModelOrAnAnchorOutOfRangeIsRefused() {
    Model a = model(21, 10, 8, 3);
    assertThrows(
        InvalidInputException.class, () -> engine.fuse(List.of(a), FusionOptions.DEFAULTS));
    assertThrows(InvalidInputException.class, () -> engine.fuse(List.of(a, a), onto(2)));
    assertThrows(
        InvalidInputException.class, () -> engine.fuse(List.of(a, a), onto(0, 0.5, 0.25, 0.25)));
    assertThrows(
        InvalidInputException.class, () -> ModelSource.of(List.of(a, a), List.of(hidden(a))));
  }

  @Test
  void plainAveragingDoesNotAlign() {
    Model a = model(22, 4, 2, 1);
    Model average = engine.average(List.of(a, a), List.of(0.25, 0.75));
    assertSameWeights(a, average, SAME);
    Model b = model(23, 4, 2, 1);
    Model mixed = engine.average(List.of(a, b), List.of(0.25, 0.75));
    float expected = 0.25f * a.tensors().get(0).get(3) + 0.75f * b.tensors().get(0).get(3);
    assertEquals(expected, mixed.tensors().get(0).get(3), SAME);
  }

  @Test
  void aClosedEngineSaysSo() {
    FusionEngine closed = FusionEngine.open(choice);
    closed.close();
    closed.close();
    Model a = model(24, 4, 3, 2);
    assertThrows(
        IllegalStateException.class, () -> closed.fuse(List.of(a, a), FusionOptions.DEFAULTS));
  }
}
