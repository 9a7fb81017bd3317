package org.otfuse.solver;

import java.nio.FloatBuffer;
import org.otfuse.InvalidInputException;
import org.otfuse.numeric.FiniteValues;
import org.otfuse.numeric.SolverInput;

/**
 * A dense cost C [n,m] inside a larger array, row-major.
 *
 * @param values the array that C lies in
 * @param offset where C starts
 * @param n rows
 * @param m columns
 */
record CostMatrix(float[] values, int offset, int n, int m) {

  /** A view that lies inside its array and holds finite costs only. */
  static CostMatrix of(float[] values, int offset, int n, int m) {
    if (n < 1 || m < 1) {
      throw new InvalidInputException(
          "The cost is [%d,%d], expected at least one row and one column.".formatted(n, m));
    }
    if (offset < 0 || (long) n * m > (long) values.length - offset) {
      throw new InvalidInputException(
          "The cost [%d,%d] at offset %d does not lie inside an array of %d."
              .formatted(n, m, offset, values.length));
    }
    SolverInput.single().requireCosts(FloatBuffer.wrap(values, offset, n * m), m);
    return new CostMatrix(values, offset, n, m);
  }

  /** Where row i starts. */
  int row(int i) {
    return offset + i * m;
  }

  /** The cost of row i and column j. */
  double at(int i, int j) {
    return values[offset + i * m + j];
  }

  /** The largest |c|. */
  double largestMagnitude() {
    return FiniteValues.largestMagnitude(FloatBuffer.wrap(values, offset, n * m));
  }

  /** The largest potential of row i that is feasible with v: {@code min_j c[i][j] - v[j]}. */
  double leastReduced(int i, double[] v) {
    int row = row(i);
    double least = Double.POSITIVE_INFINITY;
    for (int j = 0; j < v.length; j++) {
      double reduced = values[row + j] - v[j];
      if (reduced < least) {
        least = reduced;
      }
    }
    return least;
  }
}
