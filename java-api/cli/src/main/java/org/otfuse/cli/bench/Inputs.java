package org.otfuse.cli.bench;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.otfuse.Architecture;
import org.otfuse.TensorLayout;

/** Inputs that the seed decides. */
public final class Inputs {
  private Inputs() {}

  /**
   * Standard normal values.
   *
   * @param length how many
   * @param random where they come from
   * @return the values
   */
  public static float[] gaussians(int length, RandomGenerator random) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /**
   * A uniform marginal.
   *
   * @param length how many neurons share the mass
   * @return values that sum to 1
   */
  public static float[] uniform(int length) {
    float[] values = new float[length];
    Arrays.fill(values, 1f / length);
    return values;
  }

  /**
   * A permutation.
   *
   * @param n how many neurons
   * @param random what decides it
   * @return each of 0 to n-1 once
   */
  public static int[] permutation(int n, RandomGenerator random) {
    int[] source = new int[n];
    for (int i = 0; i < n; i++) {
      int j = random.nextInt(i + 1);
      source[i] = source[j];
      source[j] = i;
    }
    return source;
  }

  /**
   * Weights near what training starts from: normal ones, scales and variances about 1, other
   * vectors about 0.
   *
   * @param architecture the tensors
   * @param seed decides the values
   * @return the tensors one after the other in a direct buffer
   */
  public static FloatBuffer weights(Architecture architecture, long seed) {
    Random random = new Random(seed);
    int length = architecture.tensors().stream().mapToInt(TensorLayout::length).sum();
    FloatBuffer weights = direct(length);
    for (TensorLayout tensor : architecture.tensors()) {
      boolean vector = tensor.shape().size() == 1;
      boolean one = aboutOne(tensor);
      for (int i = 0; i < tensor.length(); i++) {
        double value = vector ? 0.1 * random.nextGaussian() : random.nextGaussian();
        weights.put((float) (one ? Math.max(0.1, 1 + value) : value));
      }
    }
    return weights.rewind();
  }

  /** Scales and variances. */
  private static boolean aboutOne(TensorLayout tensor) {
    return tensor.name().endsWith("gamma") || tensor.name().endsWith("variance");
  }

  /**
   * Room for floats off the heap.
   *
   * @param length how many
   * @return a direct buffer in native byte order
   */
  public static FloatBuffer direct(int length) {
    return ByteBuffer.allocateDirect(Float.BYTES * length)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }
}
