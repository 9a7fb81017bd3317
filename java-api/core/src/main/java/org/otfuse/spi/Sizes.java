package org.otfuse.spi;

import java.util.List;
import java.util.Objects;
import java.util.function.ToIntFunction;

/** Sums, products and ranges of sizes, refused in words where they would leave their type. */
final class Sizes {
  /** Floats of the largest tensor whose bytes a long can count. */
  static final long MOST_FLOATS = Long.MAX_VALUE / Float.BYTES;

  private Sizes() {}

  /** The length of an axis that holds {@code neurons * block} indices for each segment. */
  static <S> int axis(List<S> segments, ToIntFunction<S> neurons, ToIntFunction<S> block) {
    long size = 0;
    for (S segment : segments) {
      size += (long) neurons.applyAsInt(segment) * block.applyAsInt(segment);
      if (size > Integer.MAX_VALUE) {
        throw new IllegalArgumentException(
            "an axis has " + size + " indices or more, expected " + Integer.MAX_VALUE + " at most");
      }
    }
    return (int) size;
  }

  /** The values of a tensor, given the sizes of its axes; 1 without axes. */
  static <A> long product(List<A> axes, ToIntFunction<A> size) {
    long product = 1;
    for (A axis : axes) {
      int next = size.applyAsInt(axis);
      if (next > 0 && product > MOST_FLOATS / next) {
        throw new IllegalArgumentException(
            "a tensor has more than " + MOST_FLOATS + " values, as many as can be addressed");
      }
      product *= next;
    }
    return product;
  }

  /** Refuses a run that leaves what holds it. */
  static void requireRange(long first, long count, long length, String run, String of) {
    if (first < 0 || count < 0 || first > length || count > length - first) {
      throw new IndexOutOfBoundsException(
          "%s begins at %d and is %d long, expected a part of %s with %d"
              .formatted(run, first, count, of, length));
    }
  }

  /** Refuses a size below the least one. */
  static void requireAtLeast(int least, int size, String what) {
    if (size < least) {
      throw new IllegalArgumentException(
          what + " is " + size + ", expected " + least + " or above");
    }
  }

  /** Copies a list; a null in it is refused with the list's name. */
  static <T> List<T> copy(List<T> list, String name) {
    for (T element : Objects.requireNonNull(list, name)) {
      Objects.requireNonNull(element, name);
    }
    return List.copyOf(list);
  }
}
