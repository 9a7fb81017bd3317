package org.otfuse.features;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.stream.DoubleStream;
import org.otfuse.InvalidInputException;
import org.otfuse.Metric;
import org.otfuse.SinkhornSettings;
import org.otfuse.TransportReport;
import org.otfuse.device.Arena;
import org.otfuse.spi.Backend;
import org.otfuse.spi.Matrix;

/**
 * The unit that a group's features are measured in, for both models the same power of two: 1 unless
 * the squares of the features would leave float32. Distances change by the unit or its square and
 * couplings not at all; costs that are reported are changed back.
 *
 * @param exponent features are multiplied by 2^exponent
 * @param metric of the costs
 */
public record FeatureUnit(int exponent, Metric metric) {
  /** Largest magnitudes that need no unit, with room for long rows and for maps that add up. */
  private static final double LARGEST = 0x1p40;

  private static final double SMALLEST = 0x1p-40;

  /** Binary digits between the largest features and those whose squares still count. */
  private static final int SPAN = 90;

  /** The unit of features that are what they are. */
  public static FeatureUnit one(Metric metric) {
    return new FeatureUnit(0, metric);
  }

  /** Whether features of such a largest magnitude need no unit. */
  public static boolean ordinary(double largest) {
    return largest == 0 || largest >= SMALLEST && largest <= LARGEST;
  }

  /**
   * The unit for rows of the given magnitudes, those of both models. It brings the largest to 2^40,
   * or to 1 if all are small. If the squares of a typical row were lost by that, the unit is so
   * much larger, and the distances of the largest rows, which are all the same in comparison, may
   * exceed float32, see {@link #keepFinite}.
   */
  public static FeatureUnit of(Metric metric, double[]... magnitudes) {
    double[] rows =
        Arrays.stream(magnitudes).flatMapToDouble(DoubleStream::of).filter(r -> r > 0).toArray();
    Arrays.sort(rows);
    if (rows.length == 0 || ordinary(rows[rows.length - 1])) {
      return one(metric);
    }
    int largest = Math.getExponent(rows[rows.length - 1]) + 1;
    int typical = Math.getExponent(rows[rows.length / 2]) + 1;
    if (metric == Metric.SQEUCLIDEAN) {
      largest = Math.min(largest, typical + SPAN);
    }
    return new FeatureUnit((largest > 0 ? 40 : 0) - largest, metric);
  }

  public boolean isOne() {
    return exponent == 0;
  }

  /** Values in this unit, as far as float32 goes. */
  public float[] measured(double[] values) {
    float[] measured = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      double value = Math.scalb(values[i], exponent);
      measured[i] = (float) Math.max(-Float.MAX_VALUE, Math.min(Float.MAX_VALUE, value));
    }
    return measured;
  }

  /** One factor a neuron. */
  public float[] factors(int neurons) {
    double[] ones = new double[neurons];
    Arrays.fill(ones, 1);
    return measured(ones);
  }

  /** A cost in the unit of the models' features, from one in this unit. */
  public double original(double cost) {
    return Math.scalb(cost, -costExponent());
  }

  /** The same for an optional cost. */
  public OptionalDouble original(OptionalDouble cost) {
    return cost.isPresent() ? OptionalDouble.of(original(cost.getAsDouble())) : cost;
  }

  /** A report on costs in the unit of the models' features. */
  public TransportReport original(TransportReport report) {
    return isOne()
        ? report
        : new TransportReport(
            original(report.transportCost()),
            report.iterations(),
            report.violation(),
            original(report.dualityGap()),
            report.converged());
  }

  /** Settings for costs in this unit: tau is measured like them. */
  public SinkhornSettings measured(SinkhornSettings settings) {
    return isOne() || settings.balanced()
        ? settings
        : settings.withTau(Math.max(Double.MIN_NORMAL, Math.scalb(settings.tau(), costExponent())));
  }

  private int costExponent() {
    return switch (metric) {
      case EUCLIDEAN -> exponent;
      case SQEUCLIDEAN -> 2 * exponent;
      case COSINE -> 0;
    };
  }

  /** Lets distances beyond float32 count as the largest float. */
  public void keepFinite(Backend backend, Matrix cost, String group) {
    if (isOne()) {
      return;
    }
    float[] values = Arena.download(backend, cost);
    for (int k = 0; k < values.length; k++) {
      if (Float.isNaN(values[k])) {
        throw new InvalidInputException(
            "The features of neuron group %s leave the range of float32 when its inputs are mapped."
                .formatted(group));
      }
      values[k] = Math.min(values[k], Float.MAX_VALUE);
    }
    backend.write(FloatBuffer.wrap(values), cost.span());
  }
}
