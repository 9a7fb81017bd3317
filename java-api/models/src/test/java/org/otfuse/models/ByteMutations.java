package org.otfuse.models;

import java.util.Arrays;
import java.util.Random;

/** Changes to bytes that know nothing of what the bytes mean. */
final class ByteMutations {
  private static final long[] EXTREMES = {
    0,
    1,
    -1,
    127,
    128,
    255,
    256,
    32767,
    65535,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE,
    1L << 32,
    Long.MAX_VALUE,
    Long.MIN_VALUE
  };

  private ByteMutations() {}

  static long extreme(Random random) {
    return EXTREMES[random.nextInt(EXTREMES.length)];
  }

  static byte[] mutate(byte[] input, byte[] other, Random random) {
    if (input.length == 0) {
      return new byte[] {(byte) random.nextInt()};
    }
    byte[] bytes = input.clone();
    int at = random.nextInt(bytes.length);
    int length = 1 + random.nextInt(Math.min(16, bytes.length - at));
    switch (random.nextInt(7)) {
      case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
      case 1 -> bytes[at] = (byte) random.nextInt();
      case 2 -> {
        long value = extreme(random);
        for (int i = 0; i < Math.min(length, 8); i++) {
          bytes[at + i] = (byte) (value >> 8 * i);
        }
      }
      case 3 -> bytes = splice(bytes, at, at + length, new byte[0]);
      case 4 -> bytes = splice(bytes, at, at, Arrays.copyOfRange(bytes, at, at + length));
      case 5 -> bytes = Arrays.copyOf(bytes, at);
      default -> bytes = splice(bytes, at, at + length, part(other, random));
    }
    return bytes;
  }

  private static byte[] part(byte[] bytes, Random random) {
    int from = random.nextInt(bytes.length + 1);
    return Arrays.copyOfRange(
        bytes, from, from + random.nextInt(Math.min(64, bytes.length - from) + 1));
  }

  private static byte[] splice(byte[] bytes, int from, int to, byte[] part) {
    byte[] result = Arrays.copyOf(bytes, bytes.length - (to - from) + part.length);
    System.arraycopy(part, 0, result, from, part.length);
    System.arraycopy(bytes, to, result, from + part.length, bytes.length - to);
    return result;
  }
}
