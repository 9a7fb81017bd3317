package org.otfuse.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.bytedeco.javacpp.BytePointer;

/** Pinned host memory that captured transfers read or write at the same place every time. */
final class Pinned {
  private final Engine engine;
  private final long address;

  /** Takes room for so many floats, which may be none, as long as the scratch memory. */
  Pinned(Scratch scratch, long floats) {
    this(
        scratch.engine(),
        floats == 0
            ? 0
            : scratch
                .keep(scratch.engine().allocateHost(Math.multiplyExact(floats, Float.BYTES)))
                .value());
  }

  private Pinned(Engine engine, long address) {
    this.engine = engine;
    this.address = address;
  }

  /** The part that begins after so many floats. */
  Pinned after(long floats) {
    return new Pinned(engine, Address.after(address, floats));
  }

  private ByteBuffer words(long count) {
    return new BytePointer(new Address(address))
        .capacity(count * Float.BYTES)
        .asByteBuffer()
        .order(ByteOrder.nativeOrder());
  }

  /** Its first floats. */
  FloatBuffer floats(long count) {
    return words(count).asFloatBuffer();
  }

  /** Writes whole numbers to its beginning. */
  void put(int[] values) {
    words(values.length).asIntBuffer().put(values);
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
