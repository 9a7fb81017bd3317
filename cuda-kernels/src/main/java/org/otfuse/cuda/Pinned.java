package org.otfuse.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.bytedeco.javacpp.BytePointer;

/** Pinned host memory that captured transfers read or write at the same place every time. */
final class Pinned {
  private final Engine engine;
  private final long address;
  private final ByteBuffer memory;

  /** Takes room for so many floats, at least one, as long as the scratch memory. */
  Pinned(Scratch scratch, long floats) {
    this.engine = scratch.engine();
    long bytes = Math.max(1, floats) * Float.BYTES;
    this.address = scratch.keep(engine.allocateHost(bytes)).value();
    this.memory =
        new BytePointer(new Address(address))
            .capacity(bytes)
            .asByteBuffer()
            .order(ByteOrder.nativeOrder());
  }

  /** Its first floats. */
  FloatBuffer floats(long count) {
    return memory.asFloatBuffer().limit(Math.toIntExact(count));
  }

  /** Writes whole numbers to its beginning. */
  void put(int[] values) {
    memory.asIntBuffer().put(values);
  }

  /** Brings so many words from the device. */
  Work download(long source, long count) {
    return () ->
        engine.check(
            engine.driver().download(address, source, count * Float.BYTES, engine.stream()),
            "cudaMemcpyAsync from the GPU");
  }

  /** Sends so many words to the device. */
  Work upload(long target, long count) {
    return () ->
        engine.check(
            engine.driver().upload(target, address, count * Float.BYTES, engine.stream()),
            "cudaMemcpyAsync to the GPU");
  }
}
