package org.otfuse.nd4j;

import java.nio.FloatBuffer;
import java.util.Optional;
import java.util.function.Consumer;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.otfuse.DeviceException;
import org.otfuse.spi.DeviceBuffer;

/**
 * Floats off the heap: an ND4J array of our own, or a direct host buffer where it lies. The memory
 * is given back to the pool by close, at once or when the last operation that works on it has
 * ended; nothing waits for the garbage collector.
 */
final class Nd4jBuffer implements DeviceBuffer {
  private final Object owner;
  private final long length;
  private final FloatPointer memory;
  private final Optional<INDArray> array;
  private final Consumer<INDArray> whenFree;
  private int users;
  private boolean closed;

  private Nd4jBuffer(
      Object owner,
      long length,
      FloatPointer memory,
      Optional<INDArray> array,
      Consumer<INDArray> whenFree) {
    this.owner = owner;
    this.length = length;
    this.memory = memory;
    this.array = array;
    this.whenFree = whenFree;
  }

  /** Makes room for values in an array of the pool. */
  static Nd4jBuffer allocate(Object owner, ArrayPool pool, long length) {
    if (length < 0) {
      throw new IllegalArgumentException("length " + length);
    }
    try {
      INDArray array = pool.take(length);
      FloatPointer memory = (FloatPointer) array.data().pointer();
      return new Nd4jBuffer(owner, length, memory, Optional.of(array), pool::give);
    } catch (OutOfMemoryError | RuntimeException e) {
      throw new DeviceException(
          "No memory for " + length + " floats (" + 4.0 * length / (1 << 20) + " MiB).", e);
    }
  }

  /** Uses a direct host buffer without copying it; never written to. */
  static Nd4jBuffer wrap(Object owner, FloatBuffer direct) {
    FloatBuffer view = direct.slice();
    FloatPointer memory = new FloatPointer(view);
    return new Nd4jBuffer(owner, view.capacity(), memory, Optional.empty(), none -> {});
  }

  @Override
  public long length() {
    return length;
  }

  boolean ownedBy(Object backend) {
    return owner == backend;
  }

  /** The array of an allocated buffer; a host buffer has none and is never written to. */
  Optional<INDArray> array() {
    return array;
  }

  /** The first float, for as long as {@link #release} has not been called. */
  synchronized FloatPointer acquire() {
    if (closed) {
      throw new IllegalStateException("the buffer of " + length + " floats is closed");
    }
    users++;
    return memory;
  }

  synchronized void release() {
    users--;
    freeIfUnused();
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      freeIfUnused();
    }
  }

  private void freeIfUnused() {
    if (closed && users == 0) {
      array.ifPresentOrElse(whenFree, memory::close);
    }
  }
}
