package org.otfuse.spi;

import java.nio.FloatBuffer;
import java.util.Objects;

/**
 * A contiguous part of a buffer.
 *
 * @param buffer where the values live
 * @param offset the first float
 * @param length the number of floats
 */
public record Span(DeviceBuffer buffer, long offset, long length) {
  /** Checks that the span lies inside the buffer. */
  public Span {
    Objects.requireNonNull(buffer, "buffer");
    Sizes.requireRange(offset, length, buffer.length(), "a span", "a buffer");
  }

  /**
   * Refuses a host buffer of another length.
   *
   * @param host as many floats remaining as the span is long
   * @throws IllegalArgumentException if it has not
   */
  public void requireLengthOf(FloatBuffer host) {
    if (host.remaining() != length) {
      throw new IllegalArgumentException(
          "host buffer of " + host.remaining() + ", span of " + length);
    }
  }

  /**
   * A whole buffer.
   *
   * @param buffer the buffer
   * @return a span over all of it
   */
  public static Span of(DeviceBuffer buffer) {
    return new Span(buffer, 0, buffer.length());
  }
}
