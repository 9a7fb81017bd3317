package org.otfuse.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Pinned memory that transfers pass through, in two halves: while one is on its way, the other is
 * filled or emptied. Used within a turn.
 */
final class Staging {
  private static final int HALF = 2 << 20;
  private static final int FLOATS = HALF / Float.BYTES;

  private final Engine engine;
  private final Half[] halves;
  private int next;

  /** One half; the event has happened when the transfer is over. */
  private record Half(long address, ByteBuffer bytes, FloatBuffer floats, long event) {}

  Staging(Engine engine) {
    this.engine = engine;
    halves = new Half[] {half(), half()};
  }

  private Half half() {
    long address = engine.allocateHost(HALF).value();
    ByteBuffer bytes =
        new BytePointer(new Address(address))
            .capacity(HALF)
            .asByteBuffer()
            .order(ByteOrder.nativeOrder());
    return new Half(address, bytes, bytes.asFloatBuffer(), engine.createEvent().value());
  }

  /** The half whose transfer, if any, is longest ago; waits for it to be over. */
  private Half free() {
    Half half = halves[next];
    next = 1 - next;
    await(half);
    return half;
  }

  private void await(Half half) {
    engine.check(engine.driver().synchronizeEvent(half.event), "cudaEventSynchronize");
  }

  private void record(Half half, long stream) {
    engine.check(engine.driver().record(half.event, stream), "cudaEventRecord");
  }

  /** Copies the remaining floats; they may change when this returns. */
  void upload(FloatBuffer host, long target, long stream) {
    FloatBuffer rest = host.duplicate();
    for (long done = 0; rest.hasRemaining(); ) {
      Half half = free();
      int count = Math.min(FLOATS, rest.remaining());
      half.floats.clear().put(rest.slice().limit(count));
      rest.position(rest.position() + count);
      send(half, target + done, (long) count * Float.BYTES, stream);
      done += (long) count * Float.BYTES;
    }
  }

  /** Copies host memory; it may change when this returns. */
  void upload(Pointer host, long bytes, long target, long stream) {
    ByteBuffer rest = new BytePointer(host).capacity(bytes).asByteBuffer();
    for (long done = 0; rest.hasRemaining(); ) {
      Half half = free();
      int count = Math.min(HALF, rest.remaining());
      half.bytes.clear().put(rest.slice().limit(count));
      rest.position(rest.position() + count);
      send(half, target + done, count, stream);
      done += count;
    }
  }

  private void send(Half half, long target, long bytes, long stream) {
    engine.check(
        engine.driver().upload(target, half.address, bytes, stream), "cudaMemcpyAsync to the GPU");
    record(half, stream);
  }

  /** Fills the remaining floats after all that is on the stream; waits for them. */
  void download(long source, FloatBuffer host, long stream) {
    FloatBuffer rest = host.duplicate();
    Half arriving = null;
    int arrivingCount = 0;
    for (int done = 0; done < host.remaining(); ) {
      Half half = free();
      int count = Math.min(FLOATS, host.remaining() - done);
      engine.check(
          engine
              .driver()
              .download(
                  half.address,
                  source + (long) done * Float.BYTES,
                  (long) count * Float.BYTES,
                  stream),
          "cudaMemcpyAsync from the GPU");
      record(half, stream);
      empty(arriving, arrivingCount, rest);
      arriving = half;
      arrivingCount = count;
      done += count;
    }
    empty(arriving, arrivingCount, rest);
  }

  /** Fills host memory of a few bytes after all that is on the stream; waits for it. */
  void download(long source, Pointer host, long bytes, long stream) {
    ByteBuffer rest = new BytePointer(host).capacity(bytes).asByteBuffer();
    for (long done = 0; rest.hasRemaining(); ) {
      Half half = free();
      int count = Math.min(HALF, rest.remaining());
      engine.check(
          engine.driver().download(half.address, source + done, count, stream),
          "cudaMemcpyAsync from the GPU");
      record(half, stream);
      await(half);
      rest.put(half.bytes.clear().limit(count));
      done += count;
    }
  }

  private void empty(Half half, int count, FloatBuffer target) {
    if (half != null) {
      await(half);
      target.put(half.floats.clear().limit(count));
    }
  }
}
