package org.otfuse.cuda;

import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;

/** What the buffers of a compiled fusion's run have to be. */
final class HostBuffers {
  private HostBuffers() {}

  /**
   * Checks the buffers of a run.
   *
   * @throws IllegalArgumentException if the number of models, or a buffer's kind, order or length
   *     is not what it has to be, or the output overlaps a model
   */
  static void require(List<FloatBuffer> models, FloatBuffer output, int count, int length) {
    if (models.size() != count) {
      throw new IllegalArgumentException(
          "%d models for a program of %d.".formatted(models.size(), count));
    }
    for (int k = 0; k < count; k++) {
      require(models.get(k), "model " + k, models.get(k).remaining() == length, length);
    }
    require(output, "the output", output.remaining() >= length, length);
    if (output.isReadOnly()) {
      throw new IllegalArgumentException("The buffer of the output is read-only.");
    }
    for (int k = 0; k < count; k++) {
      if (Math.abs(address(models.get(k)) - address(output)) < (long) length * Float.BYTES) {
        throw new IllegalArgumentException("The output overlaps model " + k + ".");
      }
    }
  }

  private static void require(FloatBuffer buffer, String what, boolean fits, int length) {
    if (!fits || !buffer.isDirect() || buffer.order() != ByteOrder.nativeOrder()) {
      throw new IllegalArgumentException(
          "The buffer of %s is %s, %s and has %d floats, expected a direct one in native order with %d."
              .formatted(
                  what,
                  buffer.isDirect() ? "direct" : "on the heap",
                  buffer.order(),
                  buffer.remaining(),
                  length));
    }
  }

  /** Where the remaining floats begin. */
  private static long address(FloatBuffer buffer) {
    try (FloatPointer pointer = new FloatPointer(buffer.slice())) {
      return pointer.address();
    }
  }
}
