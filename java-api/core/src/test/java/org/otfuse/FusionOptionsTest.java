package org.otfuse;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.reflect.RecordComponent;
import java.util.List;
import org.junit.jupiter.api.Test;

class FusionOptionsTest {
  private static String refused(double... weights) {
    return assertThrows(
            InvalidInputException.class, () -> FusionOptions.builder().weights(weights).build())
        .getMessage();
  }

  @Test
  void weightsThatDoNotSumToOneAreRefused() {
    assertEquals("The weights [0.5, 0.6] sum to 1.1, expected 1 within 1.0E-6.", refused(0.5, 0.6));
    FusionOptions.builder().weights(0.5, 0.5 + 5e-7).build();
  }

  @Test
  void negativeAndInfiniteWeightsAreRefused() {
    assertEquals(
        "weight 2 is -0.5, expected a finite number that is not negative.", refused(1.5, -0.5));
    assertEquals(
        "weight 1 is NaN, expected a finite number that is not negative.", refused(Double.NaN, 1));
  }

  @Test
  void noWeightsMeanEqualOnes() {
    assertEquals(List.of(0.25, 0.25, 0.25, 0.25), FusionOptions.DEFAULTS.weightsFor(4));
  }

  @Test
  void anotherNumberOfWeightsThanModelsIsRefused() {
    FusionOptions options = FusionOptions.builder().weights(0.5, 0.5).build();
    assertEquals(
        "2 weights were given for 3 models, expected one for each.",
        assertThrows(InvalidInputException.class, () -> options.weightsFor(3)).getMessage());
  }

  @Test
  void sinkhornSettingsOutOfRangeAreRefused() {
    assertThrows(InvalidInputException.class, () -> SinkhornSettings.DEFAULTS.withEpsilon(0));
    assertThrows(
        InvalidInputException.class, () -> SinkhornSettings.DEFAULTS.withEpsilon(Double.NaN));
    assertThrows(InvalidInputException.class, () -> SinkhornSettings.DEFAULTS.withTau(-1));
    assertThrows(InvalidInputException.class, () -> new SinkhornSettings(0.1, -1, 10, 1, false));
    assertThrows(InvalidInputException.class, () -> new SinkhornSettings(0.1, 0, 0, 1, false));
    for (double annealing : new double[] {-0.1, 1, Double.NaN}) {
      assertThrows(
          InvalidInputException.class, () -> SinkhornSettings.DEFAULTS.withAnnealing(annealing));
    }
  }

  @Test
  void annealingBringsEpsilonDownToItsValueAndTheLastIterationHasIt() {
    SinkhornSettings settings =
        new SinkhornSettings(0.1, 0, 4, Double.POSITIVE_INFINITY, false, 0.5);
    assertEquals(0.5, settings.epsilonAt(1));
    assertEquals(0.25, settings.epsilonAt(2));
    assertEquals(0.125, settings.epsilonAt(3));
    assertEquals(0.1, settings.epsilonAt(4));
    assertEquals(0.1, settings.warm().epsilonAt(1));
    assertEquals(0.1, settings.withAnnealing(0).epsilonAt(1));
    assertEquals(0.3, settings.withEpsilon(0.3).epsilonAt(2));
    assertEquals(0.5, settings.withTau(1).warm().cold().epsilonAt(1));
    assertEquals(0.1, new SinkhornSettings(0.1, 0, 1, 1, false, 0.5).epsilonAt(1));
  }

  @Test
  void sweepsAndAnchorsOutOfRangeAreRefused() {
    FusionOptions.Builder sweeps = FusionOptions.builder().sweeps(-1);
    assertEquals(
        "sweeps is -1, expected 0 or above.",
        assertThrows(InvalidInputException.class, sweeps::build).getMessage());
    assertEquals(
        "anchor is -2, expected 0 or above.",
        assertThrows(InvalidInputException.class, () -> FusionOptions.builder().anchor(-2))
            .getMessage());
  }

  @Test
  void aBuilderOfOptionsStartsFromAllOfThem() {
    FusionOptions options =
        FusionOptions.builder()
            .metric(Metric.COSINE)
            .solver(Solver.SINKHORN)
            .sinkhorn(SinkhornSettings.DEFAULTS.withEpsilon(0.5))
            .marginals(MarginalKind.L2)
            .inputMap(InputMap.COLUMN)
            .residuals(ResidualPolicy.MEAN)
            .sweeps(3)
            .seed(4)
            .weights(0.25, 0.75)
            .anchor(Anchor.automatic())
            .build();
    assertEquals(options, options.toBuilder().build());
    assertEquals(options.alignment(), options.alignment().toBuilder().build());
    assertEquals(
        Anchor.index(1), options.toBuilder().anchor(1).build().anchor(), options.toString());
    for (RecordComponent part : AlignmentOptions.class.getRecordComponents()) {
      assertNotEquals(value(part, AlignmentOptions.DEFAULTS), value(part, options.alignment()));
    }
  }

  private static Object value(RecordComponent part, AlignmentOptions options) {
    return assertDoesNotThrow(() -> part.getAccessor().invoke(options));
  }

  @Test
  void theAutomaticAnchorNeedsASolver() {
    FusionOptions.Builder options =
        FusionOptions.builder().solver(Solver.IDENTITY).anchor(Anchor.automatic());
    assertEquals(
        "The automatic anchor compares transport costs, which solver identity does not compute,"
            + " expected exact or sinkhorn.",
        assertThrows(InvalidInputException.class, options::build).getMessage());
  }
}
