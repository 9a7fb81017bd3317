package org.otfuse.nd4j;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.Span;

/**
 * The buffers that one task works on. They stay allocated until the lease ends, even if somebody
 * closes them meanwhile; scratch buffers made through the lease end with it. Used by one thread.
 */
final class Lease implements AutoCloseable {
  private final Object owner;
  private final ArrayPool pool;
  private final List<Nd4jBuffer> held = new ArrayList<>();
  private final List<Nd4jBuffer> scratch = new ArrayList<>();

  Lease(Object owner, ArrayPool pool) {
    this.owner = owner;
    this.pool = pool;
  }

  /** Values to read. */
  FloatPointer read(Span span) {
    return hold(span.buffer()).getPointer(span.offset());
  }

  /** Values to read. */
  FloatPointer read(Matrix matrix) {
    return hold(matrix.buffer()).getPointer(matrix.offset());
  }

  /** Values to read, copied to the heap. */
  float[] readFloats(Span span) {
    float[] floats = new float[Math.toIntExact(span.length())];
    view(read(span), 0, floats.length).get(floats);
    return floats;
  }

  /** Values to read, copied to the heap in double precision. */
  double[] readDoubles(Span span) {
    float[] floats = readFloats(span);
    double[] doubles = new double[floats.length];
    for (int i = 0; i < doubles.length; i++) {
      doubles[i] = floats[i];
    }
    return doubles;
  }

  /** Values to write. */
  FloatPointer write(Span span) {
    FloatPointer memory = read(span);
    if (((Nd4jBuffer) span.buffer()).array().isEmpty()) {
      throw new IllegalArgumentException("an uploaded buffer is read only");
    }
    return memory;
  }

  /** Values to write. */
  FloatPointer write(Matrix matrix) {
    return write(matrix.span());
  }

  /** The same values as an ND4J array [n*m], for its operations. */
  INDArray array(Matrix matrix) {
    INDArray whole = ((Nd4jBuffer) matrix.buffer()).array().orElseThrow();
    long first = matrix.offset();
    return whole.get(NDArrayIndex.interval(first, first + matrix.length()));
  }

  /** Room for values, undefined at first, until the lease ends. */
  FloatPointer scratch(long length) {
    Nd4jBuffer buffer = Nd4jBuffer.allocate(owner, pool, length);
    scratch.add(buffer);
    return buffer.acquire();
  }

  private FloatPointer hold(DeviceBuffer buffer) {
    if (!(buffer instanceof Nd4jBuffer own) || !own.ownedBy(owner)) {
      throw new IllegalArgumentException("the buffer was not made by this nd4j back end");
    }
    FloatPointer memory = own.acquire();
    held.add(own);
    return memory;
  }

  /** A run of floats for bulk copies between native memory and the heap. */
  static FloatBuffer view(FloatPointer base, long offset, int length) {
    return new FloatPointer(base.getPointer(offset)).capacity(length).asBuffer();
  }

  @Override
  public void close() {
    held.forEach(Nd4jBuffer::release);
    for (Nd4jBuffer buffer : scratch) {
      buffer.release();
      buffer.close();
    }
  }
}
