package org.otfuse.java;

import java.nio.FloatBuffer;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.Span;

/** Floats on the Java heap; a host buffer that is backed by an array is used where it lies. */
final class HeapBuffer implements DeviceBuffer {
  private final int start;
  private final int length;
  private volatile float[] array;

  HeapBuffer(float[] array, int start, int length) {
    this.array = array;
    this.start = start;
    this.length = length;
  }

  static HeapBuffer upload(FloatBuffer host) {
    if (host.hasArray()) {
      return new HeapBuffer(host.array(), host.arrayOffset() + host.position(), host.remaining());
    }
    float[] copy = new float[host.remaining()];
    host.duplicate().get(copy);
    return new HeapBuffer(copy, 0, copy.length);
  }

  /** A run of floats in an array, which is how the loops see spans and matrices. */
  record Floats(float[] array, int offset, int length) {
    static Floats of(Span span) {
      return of(span.buffer(), span.offset(), span.length());
    }

    static Floats of(Matrix matrix) {
      return of(matrix.buffer(), matrix.offset(), matrix.length());
    }

    /** The same values as a buffer. */
    FloatBuffer view() {
      return FloatBuffer.wrap(array, offset, length);
    }

    private static Floats of(DeviceBuffer buffer, long offset, long length) {
      if (!(buffer instanceof HeapBuffer heap)) {
        throw new IllegalArgumentException(
            "a buffer of another back end was given to the java back end");
      }
      float[] array = heap.array;
      if (array == null) {
        throw new IllegalStateException("the buffer is closed");
      }
      return new Floats(array, heap.start + (int) offset, (int) length);
    }
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public void close() {
    array = null;
  }
}
