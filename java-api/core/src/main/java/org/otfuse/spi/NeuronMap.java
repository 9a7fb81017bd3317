package org.otfuse.spi;

import java.util.Objects;

/**
 * Carries the n neurons of a model's group onto the m neurons of the anchor's: aligned_j = sum_i
 * map[i,j] x_i, j below m.
 */
public sealed interface NeuronMap {
  /**
   * The neurons that are carried.
   *
   * @return n
   */
  int sourceSize();

  /**
   * The neurons that they are carried onto.
   *
   * @return m
   */
  int targetSize();

  /**
   * Leaves everything where it is.
   *
   * @param size n and m
   */
  record Identity(int size) implements NeuronMap {
    /** Checks the size. */
    public Identity {
      Sizes.requireAtLeast(0, size, "the number of neurons");
    }

    @Override
    public int sourceSize() {
      return size;
    }

    @Override
    public int targetSize() {
      return size;
    }
  }

  /**
   * A hard map: aligned_j = x_source[j]. The array is not copied and must not change.
   *
   * @param source for each anchor neuron the neuron that takes its place, [m]
   * @param sourceSize n
   */
  record Hard(int[] source, int sourceSize) implements NeuronMap {
    /** Checks the range of every index. */
    public Hard {
      Objects.requireNonNull(source, "source");
      Sizes.requireAtLeast(0, sourceSize, "the number of neurons");
      for (int j = 0; j < source.length; j++) {
        if (source[j] < 0 || source[j] >= sourceSize) {
          throw new IndexOutOfBoundsException(
              "a hard map takes neuron %d for anchor neuron %d, expected one of %d neurons"
                  .formatted(source[j], j, sourceSize));
        }
      }
    }

    @Override
    public int targetSize() {
      return source.length;
    }
  }

  /**
   * A soft map.
   *
   * @param matrix [n,m]
   */
  record Soft(Matrix matrix) implements NeuronMap {
    /** Refuses null. */
    public Soft {
      Objects.requireNonNull(matrix, "matrix");
    }

    @Override
    public int sourceSize() {
      return matrix.rows();
    }

    @Override
    public int targetSize() {
      return matrix.columns();
    }
  }
}
