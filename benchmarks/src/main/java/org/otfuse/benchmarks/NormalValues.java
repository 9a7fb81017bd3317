package org.otfuse.benchmarks;

import java.nio.FloatBuffer;
import java.util.SplittableRandom;
import org.otfuse.cli.bench.Inputs;

/**
 * Standard normal values in bulk: a million of them, drawn once, repeated from a place that the
 * seed decides. Drawing every value would take longer than what is timed. Their number is prime, so
 * that rows of no length repeat before it does.
 */
final class NormalValues {
  private static final int POOL = 1_000_003;
  private static final float[] VALUES = Inputs.gaussians(POOL, new SplittableRandom(1));

  private NormalValues() {}

  /** So many values in a direct buffer. */
  static FloatBuffer direct(int length, long seed) {
    FloatBuffer values = Inputs.direct(length);
    int from = (int) Math.floorMod(seed * 7919, (long) POOL);
    while (values.hasRemaining()) {
      int count = Math.min(values.remaining(), POOL - from);
      values.put(VALUES, from, count);
      from = 0;
    }
    return values.rewind();
  }
}
