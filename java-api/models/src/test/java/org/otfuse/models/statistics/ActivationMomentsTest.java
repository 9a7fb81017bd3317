package org.otfuse.models.statistics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.otfuse.Architecture;
import org.otfuse.Coupling;
import org.otfuse.InvalidInputException;
import org.otfuse.Producer.Tap;
import org.otfuse.Progress;
import org.otfuse.models.Dataset;
import org.otfuse.models.OnnxSession;
import org.otfuse.models.TestFiles;
import org.otfuse.models.TestModels;

class ActivationMomentsTest {
  /** Means and variances of neuron 5 of each layer were computed with numpy in float64. */
  @Test
  void momentsOfThePerceptronAreThoseOfNumpy() {
    ActivationMoments found =
        ActivationMoments.capture(
            TestFiles.bytes("fashion-mlp-a.onnx"),
            "fashion-mlp-a.onnx",
            TestModels.perceptron(),
            Dataset.read(TestFiles.path("fashion-200.npz")),
            Progress.none());
    double[] mean = {-2.183990167578586, 0.0761351659067953, 0.9761268551433104};
    double[] variance = {12.21982321472481, 0.466410685561399, 3.226648377984592};
    for (int g = 0; g < 3; g++) {
      assertEquals(mean[g], found.mean(g, 0)[5], 1e-5);
      assertEquals(variance[g], found.variance(g, 0)[5], 1e-5);
    }
    assertEquals(
        "neuron group logits is pinned, expected one that may move",
        assertThrows(InvalidInputException.class, () -> found.mean(3, 0)).getMessage());
  }

  /** 0 to n - 1 have the variance (n^2 - 1) / 12; the channels scale them by 2 and by -3. */
  @ParameterizedTest
  @ValueSource(longs = {TestModels.ANY, 1, 4})
  void batchesJoinToTheMomentsOfAllSamples(long batch) {
    int samples = 3 * OnnxSession.DEFAULT_BATCH / 2;
    float[] values = new float[6 * samples];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    Architecture architecture =
        TestModels.architecture(TestModels.group(2, new Tap("normalized", 1, 0)));
    ActivationMoments found =
        ActivationMoments.capture(
            TestModels.convolution(batch),
            "m.onnx",
            architecture,
            Dataset.of("counting", List.of(1, 2, 3), values, Optional.empty()),
            Progress.none());
    double middle = (values.length - 1) / 2.0;
    double variance = ((double) values.length * values.length - 1) / 12;
    assertArrayEquals(new double[] {2 * middle - 1, 3 * (10 - middle)}, found.mean(0, 0), 1e-3);
    assertArrayEquals(
        new double[] {4 * variance, 9 * variance}, found.variance(0, 0), 1e-6 * 9 * variance);
  }

  /** Runs a model whose channels are 2 x - 1 and 30 - 3 x, on two samples of three values. */
  private static ActivationMoments ofTwoChannels(List<Optional<Coupling>> couplings) {
    float[] values = {1, 2, 3, 4, 5, 6, 3, 1, 4, 1, 5, 9};
    return ActivationMoments.carried(
        TestModels.convolution(TestModels.ANY),
        "m.onnx",
        TestModels.architecture(TestModels.group(2, new Tap("normalized", 1, 0))),
        couplings,
        Dataset.of("two", List.of(1, 2, 3), values, Optional.empty()),
        Progress.none());
  }

  private static List<Optional<Coupling>> coupling(int rows, int columns, float... values) {
    return List.of(Optional.of(new Coupling(rows, columns, values, OptionalDouble.empty())));
  }

  /** The twelve inputs have the sum 44 and the sum of squares 224. */
  private static final double MEAN = 44 / 12.0;

  private static final double VARIANCE = 224 / 12.0 - MEAN * MEAN;

  @Test
  void aCouplingCarriesMeansAndDeviationsByItsMass() {
    double[] mean = {2 * MEAN - 1, 30 - 3 * MEAN};
    assertArrayEquals(mean, ofTwoChannels(List.of(Optional.empty())).mean(0, 0), 1e-3);
    // The third neuron gets a quarter of its mass from the first, the fourth gets none.
    ActivationMoments found =
        ofTwoChannels(coupling(2, 4, 0, 0.25f, 0.0625f, 0, 0.375f, 0, 0.1875f, 0));
    assertArrayEquals(
        new double[] {mean[1], mean[0], mean[0] / 4 + mean[1] * 3 / 4, 0}, found.mean(0, 0), 1e-3);
    double mixed = 2.0 / 4 + 3.0 * 3 / 4;
    assertArrayEquals(
        new double[] {9 * VARIANCE, 4 * VARIANCE, mixed * mixed * VARIANCE, 0},
        found.variance(0, 0),
        1e-3 * VARIANCE);
  }

  /** (2 x - 1 + 30 - 3 x) / 2 varies by a quarter of what x does, though its parts vary more. */
  @Test
  void neuronsThatBecomeOneVaryAsTheirMeanDoes() {
    ActivationMoments found = ofTwoChannels(coupling(2, 1, 0.5f, 0.5f));
    assertEquals((29 - MEAN) / 2, found.mean(0, 0)[0], 1e-3);
    assertEquals(VARIANCE / 4, found.variance(0, 0)[0], 1e-3 * VARIANCE);
    // Shares of 0.8 and 0.2 make (5 - 6) / 2, which no variance can be.
    assertEquals(0, ofTwoChannels(coupling(2, 1, 0.8f, 0.2f)).variance(0, 0)[0]);
    ActivationMoments ofOne = ofTwoChannels(coupling(2, 1, 0, 1));
    assertEquals(9 * VARIANCE, ofOne.variance(0, 0)[0], 1e-3 * VARIANCE);
  }

  @Test
  void couplingsThatDoNotFitAreRefused() {
    assertEquals(
        "0 couplings were given for 1 neuron groups, expected one for each",
        assertThrows(InvalidInputException.class, () -> ofTwoChannels(List.of())).getMessage());
    List<Optional<Coupling>> large = coupling(3, 1, 1, 1, 1);
    assertEquals(
        "the coupling of neuron group normalized has 3 rows, expected 2, one a neuron",
        assertThrows(InvalidInputException.class, () -> ofTwoChannels(large)).getMessage());
  }
}
