package org.otfuse.cuda;

import org.otfuse.spi.DeviceBuffer;

/** Device memory of an engine; what is enqueued before it is closed can still use it. */
final class CudaBuffer implements DeviceBuffer {
  private final Engine engine;
  private final long length;
  private final Engine.Resource memory;
  private volatile boolean closed;

  /** Takes memory within a turn. */
  CudaBuffer(Engine engine, long length) {
    this.engine = engine;
    this.length = length;
    this.memory = length == 0 ? null : engine.allocate(bytes(length));
  }

  private static long bytes(long length) {
    if (length < 0) {
      throw new IllegalArgumentException("length " + length);
    }
    return length > Long.MAX_VALUE / Float.BYTES ? Long.MAX_VALUE : length * Float.BYTES;
  }

  Engine engine() {
    return engine;
  }

  /**
   * Where it begins, 0 if it is empty; valid within the turn.
   *
   * @throws IllegalStateException if the buffer is closed
   */
  long address() {
    if (closed) {
      throw new IllegalStateException("the buffer is closed");
    }
    return memory == null ? 0 : memory.value();
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public void close() {
    closed = true;
    if (memory != null) {
      memory.close();
    }
  }
}
