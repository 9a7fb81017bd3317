package org.otfuse;

import java.util.OptionalDouble;

/**
 * How much mass goes from each neuron of a model to each neuron of the anchor. The array is not
 * copied.
 *
 * @param rows the model's number of neurons n
 * @param columns the anchor's number of neurons m
 * @param values T [n,m], row-major; sums to 1 unless the marginals were relaxed
 * @param identityCost what the transport cost would be if every neuron stayed where it is, all with
 *     the same mass: the mean of the diagonal of C, in units of cost; of several costs their mean;
 *     empty where n and m differ
 */
public record Coupling(int rows, int columns, float[] values, OptionalDouble identityCost) {
  /** Checks the length. */
  public Coupling {
    if (values.length != Math.multiplyExact(rows, columns)) {
      throw new IllegalArgumentException(
          "%d values for a coupling [%d,%d]".formatted(values.length, rows, columns));
    }
  }

  /**
   * The coupling of a hard map between groups of equal sizes.
   *
   * @param source for each neuron of the anchor, [n], the model's neuron that is mapped to it
   * @return masses, row-major [n,n]: 1/n where the map sends a neuron, else 0
   */
  public static float[] ofMap(int[] source) {
    int n = source.length;
    float[] values = new float[Math.multiplyExact(n, n)];
    for (int j = 0; j < n; j++) {
      values[source[j] * n + j] = 1f / n;
    }
    return values;
  }

  /**
   * The share of the mass that stays where it is.
   *
   * @return from 0 to 1, or empty where n and m differ or there is no mass
   */
  public OptionalDouble diagonalShare() {
    double diagonal = 0;
    double total = 0;
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        double value = values[i * columns + j];
        total += value;
        diagonal += i == j ? value : 0;
      }
    }
    return rows == columns && total > 0
        ? OptionalDouble.of(diagonal / total)
        : OptionalDouble.empty();
  }
}
