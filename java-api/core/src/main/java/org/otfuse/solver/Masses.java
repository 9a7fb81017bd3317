package org.otfuse.solver;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.otfuse.InvalidInputException;
import org.otfuse.numeric.SolverInput;

/**
 * Marginals in whole units, so that flows stay exact however often they are added and subtracted,
 * and perturbed so that no basic flow is ever 0.
 *
 * <p>Each unit is split in {@code split > 2n} parts; every row supplies one part more and the last
 * column takes these n parts (Charnes, "Optimality and degeneracy in linear programming",
 * Econometrica 20 (1952); the same pivots as with the strongly feasible trees of Cunningham, "A
 * network simplex method", Mathematical Programming 11 (1976)). A flow that is whole without the
 * perturbation differs by at most n parts with it, which {@link #units} takes off again.
 *
 * @param a row masses in parts [n], each above 0
 * @param b column masses in parts [m], each above 0, with the same sum
 * @param split parts in a unit
 * @param unit the mass of one unit
 */
record Masses(long[] a, long[] b, long split, double unit) {
  private static final int TOTAL_BITS = 61;
  private static final int MAX_UNIT_BITS = 52;

  /** Scales b to the sum of a; marginals that are both uniform become small whole numbers. */
  static Masses of(float[] a, int aOffset, int n, float[] b, int bOffset, int m) {
    double aSum = sum("row", "a", a, aOffset, n);
    double bSum = sum("column", "b", b, bOffset, m);
    long[] rows = new long[n];
    long[] columns = new long[m];
    if (uniform(a, aOffset, n) && uniform(b, bOffset, m)) {
      int divisor = greatestCommonDivisor(n, m);
      Arrays.fill(rows, m / divisor);
      Arrays.fill(columns, n / divisor);
    } else {
      int bits = Math.min(MAX_UNIT_BITS, TOTAL_BITS - Long.numberOfTrailingZeros(split(n)));
      scale(a, aOffset, (1L << bits) / aSum, rows);
      long total = Arrays.stream(rows).sum();
      scale(b, bOffset, total / bSum, columns);
      columns[largest(columns)] += total - Arrays.stream(columns).sum();
    }
    double unit = aSum / Arrays.stream(rows).sum();
    perturb(rows, columns);
    return new Masses(rows, columns, split(n), unit);
  }

  /** A flow without the perturbation, in whole units. */
  long units(long flow) {
    return (flow + a.length) / split;
  }

  private static long split(int n) {
    return 4L * Integer.highestOneBit(n);
  }

  private static void perturb(long[] rows, long[] columns) {
    long split = split(rows.length);
    for (int i = 0; i < rows.length; i++) {
      rows[i] = rows[i] * split + 1;
    }
    for (int j = 0; j < columns.length; j++) {
      columns[j] *= split;
    }
    columns[columns.length - 1] += rows.length;
  }

  private static void scale(float[] marginal, int offset, double factor, long[] units) {
    for (int k = 0; k < units.length; k++) {
      units[k] = Math.max(1, Math.round(marginal[offset + k] * factor));
    }
  }

  private static double sum(String side, String symbol, float[] marginal, int offset, int size) {
    if (offset < 0 || size > marginal.length - offset) {
      throw new InvalidInputException(
          "The %s marginal [%d] at offset %d does not lie inside an array of %d."
              .formatted(side, size, offset, marginal.length));
    }
    SolverInput.single().requireMasses(symbol, FloatBuffer.wrap(marginal, offset, size));
    double sum = 0;
    for (int k = offset; k < offset + size; k++) {
      sum += marginal[k];
    }
    return sum;
  }

  private static boolean uniform(float[] marginal, int offset, int size) {
    for (int k = 1; k < size; k++) {
      if (marginal[offset + k] != marginal[offset]) {
        return false;
      }
    }
    return true;
  }

  private static int largest(long[] values) {
    int largest = 0;
    for (int k = 1; k < values.length; k++) {
      if (values[k] > values[largest]) {
        largest = k;
      }
    }
    return largest;
  }

  private static int greatestCommonDivisor(int p, int q) {
    return q == 0 ? p : greatestCommonDivisor(q, p % q);
  }
}
