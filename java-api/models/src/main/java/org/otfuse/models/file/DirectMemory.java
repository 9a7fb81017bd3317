package org.otfuse.models.file;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.otfuse.InvalidInputException;

/** Direct memory in native byte order, which models read without a copy; 2 GiB at most a piece. */
public final class DirectMemory {
  private DirectMemory() {}

  /**
   * Allocates bytes, all zero.
   *
   * @param where what needs them, in messages
   */
  public static ByteBuffer bytes(long count, String where) {
    if (count > Integer.MAX_VALUE) {
      throw new InvalidInputException(
          "%s takes %d bytes, expected at most %d".formatted(where, count, Integer.MAX_VALUE));
    }
    try {
      return ByteBuffer.allocateDirect((int) count).order(ByteOrder.nativeOrder());
    } catch (OutOfMemoryError e) {
      throw new InvalidInputException(
          "%s takes %d bytes of direct memory, more than this JVM has left (raise"
                  .formatted(where, count)
              + " -XX:MaxDirectMemorySize)",
          e);
    }
  }

  /** Allocates floats, all zero. */
  public static FloatBuffer floats(long count, String where) {
    return bytes(Math.multiplyExact(count, (long) Float.BYTES), where).asFloatBuffer();
  }
}
