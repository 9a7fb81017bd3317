package org.otfuse.numeric;

import java.nio.FloatBuffer;

/**
 * Looks for values that are not finite, and for the largest magnitude in the same pass. The values
 * are copied in pieces that stay in the first-level cache into an array of their own, whose loop
 * the just-in-time compiler turns into vector instructions; the pass takes about as long as reading
 * the memory.
 */
public final class FiniteValues {
  private static final int PIECE = 2048;

  private FiniteValues() {}

  /**
   * The largest magnitude.
   *
   * @param values heap or direct; its position is not moved
   * @return the largest |x| of the remaining values, 0 if there are none; NaN or infinite exactly
   *     if one of them is not finite
   */
  public static float largestMagnitude(FloatBuffer values) {
    float[] piece = new float[Math.min(PIECE, values.remaining())];
    float[] largest = new float[piece.length];
    for (int left = values.remaining(); left > 0; left -= PIECE) {
      // What a shorter last piece leaves behind was seen before.
      values.get(values.limit() - left, piece, 0, Math.min(PIECE, left));
      raise(largest, piece);
    }
    float result = 0;
    for (float value : largest) {
      result = Math.max(result, value);
    }
    return result;
  }

  /** Math.max keeps NaN. */
  private static void raise(float[] largest, float[] values) {
    for (int i = 0; i < largest.length; i++) {
      largest[i] = Math.max(largest[i], Math.abs(values[i]));
    }
  }

  /**
   * Where the first value that is not finite stands.
   *
   * @param values heap or direct; its position is not moved
   * @return its index from the position on, or -1 if all are finite
   */
  public static int firstNotFinite(FloatBuffer values) {
    if (largestMagnitude(values) <= Float.MAX_VALUE) {
      return -1;
    }
    int p = values.position();
    while (Float.isFinite(values.get(p))) {
      p++;
    }
    return p - values.position();
  }
}
