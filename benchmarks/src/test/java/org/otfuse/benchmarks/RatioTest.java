package org.otfuse.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class RatioTest {
  // Student's t at 0.975 from printed tables
  private static final double T1 = 12.7062;
  private static final double T4 = 2.7764;

  private static double[] exp(double... logs) {
    return DoubleStream.of(logs).map(Math::exp).toArray();
  }

  @Test
  void equalVariancesGiveTheTextbookIntervalWithFourDegreesOfFreedom() {
    Ratio ratio = Ratio.of(exp(1, 2, 3), exp(0, 1, 2));
    double halfWidth = T4 * Math.sqrt(2.0 / 3);
    assertEquals(1, Math.log(ratio.value()), 1e-12);
    assertEquals(1 - halfWidth, Math.log(ratio.low()), 1e-4);
    assertEquals(1 + halfWidth, Math.log(ratio.high()), 1e-4);
  }

  @Test
  void aSideThatDoesNotVaryLeavesTheOtherSidesDegreesOfFreedom() {
    Ratio ratio = Ratio.of(exp(1, 3), exp(0, 0, 0, 0));
    assertEquals(2, Math.log(ratio.value()), 1e-12);
    assertEquals(2 - T1, Math.log(ratio.low()), 1e-3);
    assertEquals(2 + T1, Math.log(ratio.high()), 1e-3);
  }

  @Test
  void theInverseRatioHasTheInverseInterval() {
    double[] a = {3, 4, 4.5, 7};
    double[] b = {1, 1.5, 1.2};
    Ratio ratio = Ratio.of(a, b);
    Ratio inverse = Ratio.of(b, a);
    assertEquals(1, ratio.value() * inverse.value(), 1e-12);
    assertEquals(1, ratio.low() * inverse.high(), 1e-9);
    assertEquals(1, ratio.high() * inverse.low(), 1e-9);
  }

  @Test
  void oneSampleSaysNothingAboutTheSpread() {
    assertEquals(
        new Ratio(2, 0, Double.POSITIVE_INFINITY), Ratio.of(new double[] {4}, new double[] {2, 2}));
  }
}
