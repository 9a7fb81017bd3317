package org.otfuse.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.otfuse.testkit.FusionChecks.assertSameFunction;
import static org.otfuse.testkit.FusionChecks.assertSameWeights;
import static org.otfuse.testkit.FusionChecks.noisy;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.otfuse.Activations;
import org.otfuse.AlignedModel;
import org.otfuse.AlignmentOptions;
import org.otfuse.Architecture;
import org.otfuse.FusionListener;
import org.otfuse.FusionOptions;
import org.otfuse.FusionResult;
import org.otfuse.InvalidInputException;
import org.otfuse.MarginalKind;
import org.otfuse.Model;
import org.otfuse.ModelSource;
import org.otfuse.ResidualPolicy;
import org.otfuse.SequentialArchitecture;
import org.otfuse.SinkhornSettings;
import org.otfuse.Solver;

/** Groups with several producers, and other widths than the anchor's. */
interface ResidualChecks extends FusionChecks {
  /** Of weights that went through soft maps. */
  float SOFT = 2e-6f;

  private static Model residual(long seed) {
    return Mlp.random("residual-" + seed, ResidualMlp.architecture(24, 4, 16, 11, 9, 13, 12), seed);
  }

  private static FusionOptions policy(ResidualPolicy policy) {
    return FusionOptions.builder().residuals(policy).build();
  }

  /** What the eight layers before the head compute on 60 inputs. */
  private static Activations activations(Model model) {
    return (group, producer) -> {
      int layer = model.architecture().groups().get(group).producers().get(producer).weight() / 2;
      int n = model.architecture().groups().get(group).size();
      FloatBuffer features = FloatBuffer.allocate(n * 60);
      for (int s = 0; s < 60; s++) {
        double[] y = ResidualMlp.layers(model, FusionChecks.input(24, 500 + s)).get(layer);
        for (int i = 0; i < n; i++) {
          features.put(i * 60 + s, (float) y[i]);
        }
      }
      return features;
    };
  }

  @Test
  default void permutingAResidualNetworkKeepsItsFunction() {
    Model model = residual(31);
    assertSameFunction(model, permuted(model, 1), 24, ResidualMlp::outputs);
  }

  @Test
  default void everyResidualPolicyFindsAPermutedCopyByWeights() {
    Model model = residual(32);
    Model copy = permuted(model, 2);
    for (ResidualPolicy policy : ResidualPolicy.values()) {
      FusionResult result = engine().fuse(List.of(model, copy), policy(policy));
      assertSameWeights(model, result.model(), SAME);
    }
  }

  @Test
  default void everyResidualPolicyFindsAPermutedCopyByActivations() {
    Model model = residual(33);
    Model copy = permuted(model, 3);
    List<Activations> activations = List.of(activations(model), activations(copy));
    for (ResidualPolicy policy : ResidualPolicy.values()) {
      FusionResult result =
          engine()
              .fuse(
                  ModelSource.of(List.of(model, copy), activations),
                  policy(policy),
                  FusionListener.none());
      assertSameWeights(model, result.model(), SAME);
    }
  }

  /** The second producer of each stream is made of noise, which joint and mean take part in. */
  @Test
  default void onlyTheFirstProducerDecidesUnderThePolicyFirst() {
    Model model = residual(34);
    Model copy = permuted(model, 4);
    Activations ofModel = activations(model);
    Activations ofCopy = noiseAfterTheFirst(activations(copy));
    for (ResidualPolicy policy : ResidualPolicy.values()) {
      AlignedModel aligned =
          engine().align(copy, ofCopy, model, ofModel, policy(policy).alignment());
      boolean recovered = aligned.model().tensors().equals(model.tensors());
      assertEquals(policy == ResidualPolicy.FIRST, recovered, policy.toString());
    }
  }

  private static Activations noiseAfterTheFirst(Activations activations) {
    return (group, producer) -> {
      FloatBuffer outputs = activations.of(group, producer);
      float[] noise = new Samples(group * 10 + producer).gaussian(outputs.remaining(), 0, 5);
      return producer == 0 ? outputs : FloatBuffer.wrap(noise);
    };
  }

  /** One of two producers of the first stream and one of three of the second count backwards. */
  @Test
  default void theMeanOfCouplingsThatDisagreeTakesItsShareOfEach() {
    Model model = residual(35);
    Activations identity = oneHot(false);
    Activations reversed = oneHot(true);
    AlignedModel aligned =
        engine().align(model, reversed, model, identity, policy(ResidualPolicy.MEAN).alignment());
    FloatBuffer stem = model.tensors().get(1);
    FloatBuffer shortcut = model.tensors().get(7);
    for (int j = 0; j < 16; j++) {
      float half = (stem.get(j) + stem.get(15 - j)) / 2;
      assertEquals(half, aligned.model().tensors().get(1).get(j), SOFT);
    }
    for (int j = 0; j < 13; j++) {
      float third = (2 * shortcut.get(j) + shortcut.get(12 - j)) / 3;
      assertEquals(third, aligned.model().tensors().get(7).get(j), SOFT);
    }
    assertEquals(model.tensors().get(3), aligned.model().tensors().get(3));
  }

  /** Neuron i fires on sample i; second producers may count from the other end. */
  private static Activations oneHot(boolean reversed) {
    int[] widths = {16, 11, 9, 13, 12};
    return (group, producer) -> {
      int n = widths[group];
      FloatBuffer features = FloatBuffer.allocate(n * 16);
      for (int i = 0; i < n; i++) {
        features.put(i * 16 + (reversed && producer == 1 ? n - 1 - i : i), 1);
      }
      return features;
    };
  }

  @Test
  default void aWideResidualNetworkIsCompressedWithoutLossWhereItsNeuronsAreCopies() {
    Model narrow = residual(36);
    Model wide = permuted(Widened.of(narrow, 2), 5);
    assertSameFunction(narrow, wide, 24, ResidualMlp::outputs);
    for (ResidualPolicy policy : ResidualPolicy.values()) {
      AlignedModel aligned = engine().align(wide, narrow, policy(policy).alignment());
      assertSameWeights(narrow, aligned.model(), SOFT);
    }
  }

  @Test
  default void aNarrowResidualNetworkGrowsOntoAWideOneWithoutLoss() {
    Model narrow = residual(37);
    Model wide = permuted(Widened.of(narrow, 3), 6);
    AlignedModel aligned = engine().align(narrow, wide, AlignmentOptions.DEFAULTS);
    assertEquals(wide.architecture(), aligned.model().architecture());
    assertSameFunction(narrow, aligned.model(), 24, ResidualMlp::outputs);
    assertSameWeights(wide, aligned.model(), SOFT);
  }

  @Test
  default void convolutionsAreCompressedAndGrown() {
    Architecture architecture =
        SequentialArchitecture.of(3)
            .convolution(10, 3, true)
            .convolution(7, 3, false)
            .convolution(2, 1, true)
            .build();
    Model narrow = Mlp.random("narrow", architecture, 38);
    Model wide = permuted(Widened.of(narrow, 2), 7);
    assertSameWeights(
        narrow, engine().align(wide, narrow, AlignmentOptions.DEFAULTS).model(), SOFT);
    assertSameWeights(wide, engine().align(narrow, wide, AlignmentOptions.DEFAULTS).model(), SOFT);
  }

  @Test
  default void unbalancedCouplingsOfUnequalWidthsGiveMapsThatKeepTheFunction() {
    Model narrow = residual(39);
    Model wide = permuted(Widened.of(narrow, 2), 8);
    FusionOptions options =
        FusionOptions.builder()
            .solver(Solver.SINKHORN)
            .sinkhorn(SinkhornSettings.DEFAULTS.withTau(1))
            .build();
    AlignedModel aligned = engine().align(wide, narrow, options.alignment());
    assertSameFunction(narrow, aligned.model(), 24, ResidualMlp::outputs);
  }

  @Test
  default void activationMarginalsFindAPermutedCopyAndNeedActivations() {
    Model model = residual(40);
    Model copy = permuted(model, 9);
    FusionOptions options = FusionOptions.builder().marginals(MarginalKind.ACTIVATION).build();
    FusionResult result =
        engine()
            .fuse(
                ModelSource.of(
                    List.of(model, copy), List.of(activations(model), activations(copy))),
                options,
                FusionListener.none());
    assertSameWeights(model, result.model(), 1e-5f);
    assertEquals(
        "Marginals by activation were asked for without activations, expected calibration data.",
        refusal(() -> engine().align(copy, model, options.alignment())));
  }

  /**
   * Deviations 1 and 1 onto 3 and 1: half the mass of the model, three quarters and a quarter of
   * the anchor's. The model's second neuron covers the anchor's and gives the rest to the first, so
   * the anchor's first neuron is two parts of the first and one of the second.
   */
  @Test
  default void activationMarginalsAreStandardDeviations() {
    Model model = FusionChecks.mlp(42, 3, 2, 2);
    Activations ofModel = (group, producer) -> FloatBuffer.wrap(new float[] {1, -1, 11, 9});
    Activations ofAnchor = (group, producer) -> FloatBuffer.wrap(new float[] {3, -3, 11, 9});
    FusionOptions options = FusionOptions.builder().marginals(MarginalKind.ACTIVATION).build();
    Model aligned = engine().align(model, ofModel, model, ofAnchor, options.alignment()).model();
    FloatBuffer bias = model.tensors().get(1);
    assertEquals((2 * bias.get(0) + bias.get(1)) / 3, aligned.tensors().get(1).get(0), SOFT);
    assertEquals(bias.get(1), aligned.tensors().get(1).get(1), SOFT);
  }

  private static String refusal(Runnable call) {
    return assertThrows(InvalidInputException.class, call::run).getMessage();
  }

  @Test
  default void aNoisyPermutedCopyComesCloseUnderEveryPolicy() {
    Model model = residual(41);
    Model copy = permuted(noisy("noisy", model, 0.01, 10), 11);
    for (ResidualPolicy policy : ResidualPolicy.values()) {
      AlignedModel aligned = engine().align(copy, model, policy(policy).alignment());
      assertSameWeights(model, aligned.model(), 0.06f);
      int n = aligned.groups().size();
      assertEquals(5, n);
      assertTrue(IntStream.range(0, n).allMatch(g -> aligned.groups().get(g).model() == 0));
    }
  }
}
