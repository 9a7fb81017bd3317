package org.otfuse.device;

import java.nio.FloatBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.otfuse.spi.Backend;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.Span;

/** Device buffers that are released together. Not thread-safe. */
public final class Arena implements AutoCloseable {
  private final Backend backend;
  private final Deque<DeviceBuffer> buffers = new ArrayDeque<>();

  public Arena(Backend backend) {
    this.backend = backend;
  }

  public Span allocate(long length) {
    return keep(backend.allocate(length));
  }

  public Matrix matrix(int rows, int columns) {
    return Matrix.of(allocate((long) rows * columns).buffer(), rows, columns);
  }

  public Span upload(FloatBuffer host) {
    return keep(backend.upload(host));
  }

  public Span upload(float[] host) {
    return upload(FloatBuffer.wrap(host));
  }

  private Span keep(DeviceBuffer buffer) {
    buffers.push(buffer);
    return Span.of(buffer);
  }

  /** The values of a matrix of any arena. */
  public static float[] download(Backend backend, Matrix matrix) {
    float[] host = new float[Math.toIntExact(matrix.length())];
    backend.download(matrix.span(), FloatBuffer.wrap(host));
    return host;
  }

  @Override
  public void close() {
    while (!buffers.isEmpty()) {
      buffers.pop().close();
    }
  }
}
