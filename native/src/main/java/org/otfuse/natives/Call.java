package org.otfuse.natives;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.otfuse.DeviceException;
import org.otfuse.InvalidInputException;
import org.otfuse.natives.abi.Otfuse;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.Span;

/**
 * One call into the engine: keeps the buffers that it uses from being freed and frees the structs
 * that describe its tasks. Used by one thread.
 */
final class Call implements AutoCloseable {
  private final Engine engine;
  private final List<NativeBuffer> buffers = new ArrayList<>();
  private final PointerScope structs;

  /** Begins a call, with the engine held open until {@link #close}. */
  Call(Engine engine) {
    this.engine = engine;
    engine.acquire();
    structs = new PointerScope();
  }

  /** Where a span begins; null for an empty one. */
  FloatPointer read(Span span) {
    return at(span.buffer(), span.offset(), span.length());
  }

  FloatPointer read(Matrix matrix) {
    return at(matrix.buffer(), matrix.offset(), matrix.length());
  }

  /** The same for a span that will be written, which a caller's own buffer must not be. */
  FloatPointer write(Span span) {
    writable(span.buffer());
    return read(span);
  }

  FloatPointer write(Matrix matrix) {
    writable(matrix.buffer());
    return read(matrix);
  }

  private NativeBuffer own(DeviceBuffer buffer) {
    if (buffer instanceof NativeBuffer own && own.owner() == engine) {
      return own;
    }
    throw new IllegalArgumentException("the buffer belongs to another back end");
  }

  private void writable(DeviceBuffer buffer) {
    if (own(buffer).readOnly()) {
      throw new IllegalArgumentException("the buffer is the caller's own and only read");
    }
  }

  private FloatPointer at(DeviceBuffer buffer, long offset, long length) {
    NativeBuffer own = own(buffer);
    FloatPointer memory = own.acquire();
    buffers.add(own);
    return length == 0 ? null : memory.getPointer(offset);
  }

  /**
   * Turns a status into an exception.
   *
   * @throws IllegalArgumentException if the engine refused an argument
   * @throws InvalidInputException if it refused a number among the inputs
   * @throws DeviceException if it failed
   */
  static void check(int status) {
    if (status == Otfuse.OTF_OK) {
      return;
    }
    String message = Otfuse.otf_last_error().getString();
    if (status == Otfuse.OTF_INVALID_ARGUMENT) {
      throw new IllegalArgumentException(message);
    }
    if (status == Otfuse.OTF_OUT_OF_RANGE) {
      throw new InvalidInputException(message);
    }
    throw new DeviceException("The native engine failed: " + message + ".");
  }

  @Override
  public void close() {
    structs.close();
    buffers.forEach(NativeBuffer::release);
    engine.release();
  }
}
