package org.otfuse.nd4j;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Arrays that are free to be used again. A new array comes from the system, page by page, and is
 * set to zero by ND4J, which took a quarter of a fusion's time. Thread-safe.
 */
final class ArrayPool implements AutoCloseable {
  /** Floats that are kept at most: 256 MiB. */
  private static final long MOST_KEPT = 1L << 26;

  private static final int STEPS_PER_OCTAVE = 8;

  private final Map<Long, Deque<INDArray>> free = new HashMap<>();
  private long kept;
  private boolean closed;

  /**
   * An array outside of any ND4J workspace that the caller may have open.
   *
   * @param length floats that it has at least, 0 or above; what is in them is undefined
   */
  INDArray take(long length) {
    long capacity = capacity(length);
    return reuse(capacity)
        .orElseGet(() -> Nd4j.createUninitializedDetached(DataType.FLOAT, capacity));
  }

  private synchronized Optional<INDArray> reuse(long capacity) {
    Optional<INDArray> array =
        Optional.ofNullable(free.get(capacity)).map(arrays -> arrays.pollLast());
    if (array.isPresent()) {
      kept -= capacity;
    }
    return array;
  }

  /** Takes back an array that nobody works on any more. */
  synchronized void give(INDArray array) {
    if (closed || kept + array.length() > MOST_KEPT) {
      array.close();
    } else {
      kept += array.length();
      free.computeIfAbsent(array.length(), capacity -> new ArrayDeque<>()).addLast(array);
    }
  }

  /** Rounded up by an eighth at most, so that similar lengths share arrays. */
  private static long capacity(long length) {
    long step = Math.max(1, Long.highestOneBit(Math.max(1, length)) / STEPS_PER_OCTAVE);
    return Math.max(1, (length + step - 1) / step * step);
  }

  /** Frees what is kept; arrays that come back later are freed at once. */
  @Override
  public synchronized void close() {
    closed = true;
    free.values().forEach(arrays -> arrays.forEach(INDArray::close));
    free.clear();
    kept = 0;
  }
}
