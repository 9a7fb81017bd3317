package org.otfuse.average;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Sums of doubles that come out the same bits in any order and any grouping (after the binned sums
 * of Demmel and Nguyen 2015, with integer bins).
 *
 * <p>The exponent range of doubles is cut into bins of 32 bits, counted from the least subnormal.
 * An addend is the sum of its slices in at most three neighbouring bins. A sum keeps three bins,
 * the top one being the highest that any of its addends reaches; slices below are dropped. Each bin
 * is an integer that adds slices without carrying into the next. So a sum is a function of the set
 * of its addends alone: integer additions commute, and a slice that is dropped early lies below the
 * final window too. An addend loses nothing if it ends within the window, and otherwise less than
 * 2^-64 of the largest addend. Up to 2^31 - 1 addends cannot overflow a bin.
 *
 * <p>25 bytes a sum. Not thread-safe.
 */
public final class WindowedSums {
  /** Bytes of one sum in the byte form. */
  static final int BYTES = 25;

  private static final int BIN_BITS = 32;
  private static final long BIN_MASK = 0xffff_ffffL;
  private static final int MANTISSA_BITS = 52;
  private static final int LEAST_EXPONENT = -1074;
  private static final byte HIGHEST_BIN = 65;
  private static final long HIGHEST_MASK = (1L << 18) - 1; // what the largest double has there
  private static final byte POSITIVE_ZERO = -1;
  // The sum of nothing, which adding zeros of either sign leaves as IEEE 754 has it.
  private static final byte NEGATIVE_ZERO = -2;

  private final byte[] top; // the highest bin, or one of the zeros
  private final long[] high;
  private final long[] middle;
  private final long[] low;

  public WindowedSums(int length) {
    this(new byte[length], new long[length], new long[length], new long[length]);
    Arrays.fill(top, NEGATIVE_ZERO);
  }

  private WindowedSums(byte[] top, long[] high, long[] middle, long[] low) {
    this.top = top;
    this.high = high;
    this.middle = middle;
    this.low = low;
  }

  /** The same sums and more that are empty. */
  WindowedSums longer(int length) {
    WindowedSums sums =
        new WindowedSums(
            Arrays.copyOf(top, length),
            Arrays.copyOf(high, length),
            Arrays.copyOf(middle, length),
            Arrays.copyOf(low, length));
    Arrays.fill(sums.top, top.length, length, NEGATIVE_ZERO);
    return sums;
  }

  public int length() {
    return top.length;
  }

  /** Adds a finite number to one sum. */
  public void add(int i, double addend) {
    long bits = Double.doubleToRawLongBits(addend);
    int exponent = (int) (bits >>> MANTISSA_BITS) & 0x7ff;
    long mantissa = bits & ((1L << MANTISSA_BITS) - 1);
    int position = 0; // of the mantissa's last bit, above the least exponent
    if (exponent > 0) {
      mantissa |= 1L << MANTISSA_BITS;
      position = exponent - 1;
    } else if (mantissa == 0) {
      raise(i, bits == 0 ? POSITIVE_ZERO : NEGATIVE_ZERO);
      return;
    }
    int bin = position / BIN_BITS;
    int shift = position % BIN_BITS;
    long lower = mantissa << shift & BIN_MASK;
    long rest = mantissa >>> BIN_BITS - shift;
    long upper = rest & BIN_MASK;
    long uppermost = rest >>> BIN_BITS;
    raise(i, (byte) (uppermost != 0 ? bin + 2 : upper != 0 ? bin + 1 : bin));
    int sign = bits < 0 ? -1 : 1;
    addSlice(i, bin + 2, sign * uppermost);
    addSlice(i, bin + 1, sign * upper);
    addSlice(i, bin, sign * lower);
  }

  /** Moves the window up so that it reaches a bin; what falls out below is dropped. */
  private void raise(int i, byte bin) {
    int by = bin - top[i];
    if (by <= 0) {
      return;
    }
    low[i] = by == 1 ? middle[i] : by == 2 ? high[i] : 0;
    middle[i] = by == 1 ? high[i] : 0;
    high[i] = 0;
    top[i] = bin;
  }

  private void addSlice(int i, int bin, long slice) {
    switch (top[i] - bin) {
      case 0 -> high[i] += slice;
      case 1 -> middle[i] += slice;
      case 2 -> low[i] += slice;
      default -> {}
    }
  }

  /** Adds sums to sums. */
  public void merge(WindowedSums other) {
    for (int i = 0; i < top.length; i++) {
      raise(i, other.top[i]);
      if (top[i] >= 0) {
        addSlice(i, other.top[i], other.high[i]);
        addSlice(i, other.top[i] - 1, other.middle[i]);
        addSlice(i, other.top[i] - 2, other.low[i]);
      }
    }
  }

  /** One sum to within two units in the last place of a double. */
  public double value(int i) {
    if (top[i] < 0) {
      return top[i] == NEGATIVE_ZERO ? -0.0 : 0;
    }
    long carried = middle[i] + (low[i] >> BIN_BITS);
    long upper = high[i] + (carried >> BIN_BITS);
    double rest = low[i] & BIN_MASK;
    double sum =
        Math.abs(upper) < 1L << 30
            ? 0x1p32 * (upper * (1L << BIN_BITS) + (carried & BIN_MASK)) + rest
            : 0x1p64 * upper + 0x1p32 * (carried & BIN_MASK) + rest;
    return Math.scalb(sum, BIN_BITS * (top[i] - 2) + LEAST_EXPONENT);
  }

  /** Writes one sum: {@link #BYTES} bytes. */
  void write(int i, ByteBuffer bytes) {
    bytes.put(top[i]).putLong(high[i]).putLong(middle[i]).putLong(low[i]);
  }

  /** Reads one sum of so many addends; tells whether they can have given it. */
  boolean read(int i, ByteBuffer bytes, int addends) {
    top[i] = bytes.get();
    high[i] = bytes.getLong();
    middle[i] = bytes.getLong();
    low[i] = bytes.getLong();
    return top[i] >= NEGATIVE_ZERO
        && top[i] <= HIGHEST_BIN
        && within(high[i], top[i], addends)
        && within(middle[i], top[i] - 1, addends)
        && within(low[i], top[i] - 2, addends);
  }

  /** Whether a bin can hold that much; there are none below 0, and only few bits reach the last. */
  private static boolean within(long slices, int bin, int addends) {
    long limit = bin < 0 ? 0 : addends * (bin == HIGHEST_BIN ? HIGHEST_MASK : BIN_MASK);
    return slices >= -limit && slices <= limit;
  }
}
