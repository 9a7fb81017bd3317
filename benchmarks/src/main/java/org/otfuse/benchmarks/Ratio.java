package org.otfuse.benchmarks;

import java.util.Arrays;
import org.apache.commons.math3.distribution.TDistribution;

/**
 * How many times as large one mean is as another, with a 95 % interval. The logarithms of the two
 * sets of samples are compared by Welch's t-interval (unequal variances, degrees of freedom after
 * Welch and Satterthwaite) and the ends taken back: speeds differ by factors, so this interval is
 * never negative and the same for a ratio and its inverse.
 *
 * @param value the ratio of the geometric means
 * @param low lower end, 0 if there are not two samples on each side
 * @param high upper end, infinity if there are not two samples on each side
 */
record Ratio(double value, double low, double high) {
  private static final double UPPER_TAIL = 0.975;

  /** The ratio of the numerator's mean to the denominator's; all samples are above 0. */
  static Ratio of(double[] numerator, double[] denominator) {
    Logs a = Logs.of(numerator);
    Logs b = Logs.of(denominator);
    double difference = a.mean - b.mean;
    double variance = a.varianceOfMean + b.varianceOfMean;
    if (a.count < 2 || b.count < 2) {
      return new Ratio(Math.exp(difference), 0, Double.POSITIVE_INFINITY);
    }
    double halfWidth = variance == 0 ? 0 : quantile(a, b, variance) * Math.sqrt(variance);
    return new Ratio(
        Math.exp(difference), Math.exp(difference - halfWidth), Math.exp(difference + halfWidth));
  }

  private static double quantile(Logs a, Logs b, double variance) {
    double degrees =
        variance
            * variance
            / (a.varianceOfMean * a.varianceOfMean / (a.count - 1)
                + b.varianceOfMean * b.varianceOfMean / (b.count - 1));
    return new TDistribution(degrees).inverseCumulativeProbability(UPPER_TAIL);
  }

  private record Logs(int count, double mean, double varianceOfMean) {
    static Logs of(double[] samples) {
      double[] logs = Arrays.stream(samples).map(Math::log).toArray();
      double mean = Arrays.stream(logs).average().orElseThrow();
      double squares = Arrays.stream(logs).map(l -> (l - mean) * (l - mean)).sum();
      double variance = squares / Math.max(1, logs.length - 1);
      return new Logs(logs.length, mean, variance / logs.length);
    }
  }
}
