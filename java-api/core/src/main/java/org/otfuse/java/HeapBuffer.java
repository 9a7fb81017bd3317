package org.otfuse.java;

import java.nio.FloatBuffer;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.Span;
import org.otfuse.spi.Task;

/**
 * Floats on the Java heap; a host buffer that is backed by an array is used where it lies, and then
 * only read.
 */
final class HeapBuffer implements DeviceBuffer {
  private final int start;
  private final int length;
  private final boolean readOnly;
  private volatile float[] array;

  private HeapBuffer(float[] array, int start, int length, boolean readOnly) {
    this.array = array;
    this.start = start;
    this.length = length;
    this.readOnly = readOnly;
  }

  static HeapBuffer allocate(int length) {
    return new HeapBuffer(new float[length], 0, length, false);
  }

  static HeapBuffer upload(FloatBuffer host) {
    if (host.hasArray()) {
      int start = host.arrayOffset() + host.position();
      return new HeapBuffer(host.array(), start, host.remaining(), true);
    }
    float[] copy = new float[host.remaining()];
    host.duplicate().get(copy);
    return new HeapBuffer(copy, 0, copy.length, false);
  }

  /**
   * Refuses buffers that a task must not write: closed, of another back end, or the caller's own.
   */
  static void requireWritable(Task task) {
    task.writes().forEach(HeapBuffer::writable);
  }

  /** The floats of a span that will be written. */
  static Floats writable(Span span) {
    Floats floats = Floats.of(span);
    if (((HeapBuffer) span.buffer()).readOnly) {
      throw new IllegalArgumentException("the buffer is the caller's own and only read");
    }
    return floats;
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
