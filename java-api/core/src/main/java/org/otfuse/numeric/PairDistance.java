package org.otfuse.numeric;

import org.otfuse.Metric;

/**
 * The distance of one pair of rows straight from the definition of the metric, in double: what
 * pairwise costs fall back on where one matrix product in float32 does not serve, see {@link
 * #served} and {@link #servedCosine}. No square of a float leaves double's range.
 */
public final class PairDistance {
  /** Below this share of the squared norms a squared distance has lost digits to cancellation. */
  private static final double NEAR = 0x1p-10;

  /** Squared norms whose products neither overflow nor vanish in float32. */
  private static final double SMALLEST = 0x1p-90;

  private static final double LARGEST = 0x1p120;

  private PairDistance() {}

  /**
   * Tells whether |x|^2 + |y|^2 - 2 x.y is exact enough.
   *
   * @param norms |x|^2 + |y|^2 of the centred rows
   * @param squared what came out
   * @return false if the pair is to be taken directly; for values that are not finite too
   */
  public static boolean served(double norms, double squared) {
    return norms == 0 || norms >= SMALLEST && norms <= LARGEST && squared >= NEAR * norms;
  }

  /**
   * Tells whether 1 - x.y / (|x| |y|) is exact enough.
   *
   * @param norms |x| |y|
   * @return false if the pair is to be taken directly; for values that are not finite too
   */
  public static boolean servedCosine(double norms) {
    return norms >= SMALLEST && norms <= LARGEST;
  }

  /**
   * Computes a distance.
   *
   * @param x holds the first row
   * @param xAt where it starts
   * @param y holds the second row
   * @param yAt where it starts
   * @param d the length of both
   * @param metric the distance
   * @return 0 or above; cosine is 1 if a row is all zero; not finite if a feature is not
   */
  public static double of(float[] x, int xAt, float[] y, int yAt, int d, Metric metric) {
    return switch (metric) {
      case SQEUCLIDEAN -> squared(x, xAt, y, yAt, d);
      case EUCLIDEAN -> Math.sqrt(squared(x, xAt, y, yAt, d));
      case COSINE -> cosine(x, xAt, y, yAt, d);
    };
  }

  /** Four sums, so that additions need not wait for each other. */
  private static double squared(float[] x, int xAt, float[] y, int yAt, int d) {
    double p = 0;
    double q = 0;
    double r = 0;
    double s = 0;
    int k = 0;
    for (; k + 3 < d; k += 4) {
      double a = (double) x[xAt + k] - y[yAt + k];
      double b = (double) x[xAt + k + 1] - y[yAt + k + 1];
      double c = (double) x[xAt + k + 2] - y[yAt + k + 2];
      double e = (double) x[xAt + k + 3] - y[yAt + k + 3];
      p += a * a;
      q += b * b;
      r += c * c;
      s += e * e;
    }
    for (; k < d; k++) {
      double a = (double) x[xAt + k] - y[yAt + k];
      p += a * a;
    }
    return p + q + (r + s);
  }

  private static double cosine(float[] x, int xAt, float[] y, int yAt, int d) {
    double dot = 0;
    double xx = 0;
    double yy = 0;
    for (int k = 0; k < d; k++) {
      double u = x[xAt + k];
      double v = y[yAt + k];
      dot += u * v;
      xx += u * u;
      yy += v * v;
    }
    double norms = Math.sqrt(xx) * Math.sqrt(yy);
    return norms == 0 ? 1 : Math.max(0, 1 - dot / norms);
  }
}
