package org.otfuse.models.closedform;

import java.util.Arrays;
import org.otfuse.Coupling;

/**
 * A linear map of neurons: target j is the sum of its sources times their coefficients.
 *
 * @param from the number n of source neurons
 * @param sources for each of m targets the indices of its sources
 * @param coefficients for each target one a source
 */
record Mapping(int from, int[][] sources, double[][] coefficients) {
  /** Each neuron in its place, times a factor. */
  static Mapping identity(int n, double factor) {
    int[][] sources = new int[n][];
    double[][] coefficients = new double[n][];
    for (int j = 0; j < n; j++) {
      sources[j] = new int[] {j};
      coefficients[j] = new double[] {factor};
    }
    return new Mapping(n, sources, coefficients);
  }

  /** The map of a matrix [n,m], without its zeros. */
  static Mapping of(double[][] matrix, int m) {
    int n = matrix.length;
    int[][] sources = new int[m][];
    double[][] coefficients = new double[m][];
    for (int j = 0; j < m; j++) {
      int[] indices = new int[n];
      double[] values = new double[n];
      int count = 0;
      for (int i = 0; i < n; i++) {
        if (matrix[i][j] != 0) {
          indices[count] = i;
          values[count++] = matrix[i][j];
        }
      }
      sources[j] = Arrays.copyOf(indices, count);
      coefficients[j] = Arrays.copyOf(values, count);
    }
    return new Mapping(n, sources, coefficients);
  }

  /** Columns of a coupling that sum to a factor: each neuron of the anchor as a mean. */
  static Mapping columns(Coupling coupling, double factor) {
    return of(normalized(coupling, true, factor), coupling.columns());
  }

  /** Rows of a coupling that sum to 1: each neuron of the model spread over the anchor's. */
  static Mapping rows(Coupling coupling) {
    return of(normalized(coupling, false, 1), coupling.columns());
  }

  private static double[][] normalized(Coupling coupling, boolean columns, double factor) {
    int n = coupling.rows();
    int m = coupling.columns();
    double[] sums = new double[columns ? m : n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < m; j++) {
        sums[columns ? j : i] += coupling.values()[i * m + j];
      }
    }
    double[][] matrix = new double[n][m];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < m; j++) {
        double sum = sums[columns ? j : i];
        matrix[i][j] = sum == 0 ? 0 : coupling.values()[i * m + j] * factor / sum;
      }
    }
    return matrix;
  }

  /** The number of targets m. */
  int to() {
    return sources.length;
  }

  /**
   * Maps one axis of an array.
   *
   * @param in [outer,from * run]
   * @param inOffset where the mapped part of the axis starts, in values
   * @param inStride values from one outer index to the next
   * @param out [outer,to * run], added to
   */
  void add(
      double[] in,
      int inOffset,
      int inStride,
      double[] out,
      int outOffset,
      int outStride,
      int outer,
      int run) {
    for (int o = 0; o < outer; o++) {
      for (int j = 0; j < sources.length; j++) {
        int target = outOffset + o * outStride + j * run;
        for (int s = 0; s < sources[j].length; s++) {
          int source = inOffset + o * inStride + sources[j][s] * run;
          double factor = coefficients[j][s];
          for (int r = 0; r < run; r++) {
            out[target + r] += factor * in[source + r];
          }
        }
      }
    }
  }
}
