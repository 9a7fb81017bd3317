package org.otfuse.cuda;

import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.Span;

/** One call of the back end: a turn on the engine with scratch memory. */
final class Call implements AutoCloseable {
  private final Engine engine;
  private final Engine.Turn turn;
  private final Scratch scratch;

  Call(Engine engine) {
    this.engine = engine;
    turn = engine.enter();
    scratch = new Scratch(engine);
  }

  Engine engine() {
    return engine;
  }

  Scratch scratch() {
    return scratch;
  }

  /** Where a span begins. */
  long at(Span span) {
    return Address.after(own(span.buffer()).address(), span.offset());
  }

  long at(Matrix matrix) {
    return Address.after(own(matrix.buffer()).address(), matrix.offset());
  }

  private CudaBuffer own(DeviceBuffer buffer) {
    if (buffer instanceof CudaBuffer own && own.engine() == engine) {
      return own;
    }
    throw new IllegalArgumentException("the buffer belongs to another back end");
  }

  @Override
  public void close() {
    try {
      scratch.close();
    } finally {
      turn.close();
    }
  }
}
