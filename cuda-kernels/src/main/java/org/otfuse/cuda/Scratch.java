package org.otfuse.cuda;

import java.nio.FloatBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;
import org.otfuse.spi.AxisMap;

/** Device memory that work needs, for as long as the work; filled through the engine's staging. */
final class Scratch implements AutoCloseable {
  private final Engine engine;
  private final List<Engine.Resource> parts = new ArrayList<>();
  private final Map<AxisMap, Long> gathers = new HashMap<>();
  private final Map<Integer, Long> uniforms = new HashMap<>();
  private final NavigableMap<Long, Deque<Long>> idle = new TreeMap<>();
  private final List<Temporary> temporaries = new ArrayList<>();

  /** Memory that is used again after {@link #recycle}. */
  private record Temporary(long bytes, long address) {}

  Scratch(Engine engine) {
    this.engine = engine;
  }

  Engine engine() {
    return engine;
  }

  /** The address of so many bytes; 0 for none. */
  long bytes(long bytes) {
    if (bytes == 0) {
      return 0;
    }
    Engine.Resource memory = engine.allocate(bytes);
    parts.add(memory);
    return memory.value();
  }

  long floats(long count) {
    return bytes(Math.multiplyExact(count, Float.BYTES));
  }

  long ints(long count) {
    return bytes(Math.multiplyExact(count, Integer.BYTES));
  }

  /** So many bytes until {@link #recycle}, from what was recycled before where that is enough. */
  long temporary(long bytes) {
    if (bytes == 0) {
      return 0;
    }
    Map.Entry<Long, Deque<Long>> fitting = idle.ceilingEntry(bytes);
    Temporary temporary;
    if (fitting == null) {
      temporary = new Temporary(bytes, bytes(bytes));
    } else {
      temporary = new Temporary(fitting.getKey(), fitting.getValue().pop());
      if (fitting.getValue().isEmpty()) {
        idle.remove(fitting.getKey());
      }
    }
    temporaries.add(temporary);
    return temporary.address;
  }

  long temporaryFloats(long count) {
    return temporary(Math.multiplyExact(count, Float.BYTES));
  }

  /** Lets work that is enqueued from now on use the temporary memory that was given so far. */
  void recycle() {
    for (Temporary t : temporaries) {
      idle.computeIfAbsent(t.bytes, bytes -> new ArrayDeque<>()).push(t.address);
    }
    temporaries.clear();
  }

  /** Keeps something open as long as the memory. */
  Engine.Resource keep(Engine.Resource resource) {
    parts.add(resource);
    return resource;
  }

  /** A copy of structs in host memory. */
  long copy(Pointer structs, long count) {
    long bytes = Math.multiplyExact(count, structs.sizeof());
    long target = bytes(bytes);
    engine.staging().upload(structs, bytes, target, engine.stream());
    return target;
  }

  long copy(FloatBuffer values) {
    long target = floats(values.remaining());
    engine.staging().upload(values, target, engine.stream());
    return target;
  }

  /** Equal masses [n] that sum to 1. */
  long uniform(int n) {
    return uniforms.computeIfAbsent(
        n,
        size -> {
          float[] masses = new float[size];
          Arrays.fill(masses, 1f / size);
          return copy(FloatBuffer.wrap(masses));
        });
  }

  /** The gather indices of an axis without soft maps; 0 where it stays as it is. */
  long gather(AxisMap axis) {
    if (axis.isIdentity()) {
      return 0;
    }
    return gathers.computeIfAbsent(
        axis,
        a -> {
          int[] indices = a.gather();
          try (IntPointer host = new IntPointer(indices)) {
            return copy(host, indices.length);
          }
        });
  }

  @Override
  public void close() {
    for (int i = parts.size() - 1; i >= 0; i--) {
      parts.get(i).close();
    }
    parts.clear();
  }
}
