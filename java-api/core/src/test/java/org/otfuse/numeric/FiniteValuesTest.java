package org.otfuse.numeric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class FiniteValuesTest {
  /** The values between others on both sides, on the heap and direct. */
  private static List<FloatBuffer> buffers(float... values) {
    FloatBuffer heap = FloatBuffer.allocate(values.length + 7);
    FloatBuffer direct =
        ByteBuffer.allocateDirect(4 * heap.capacity())
            .order(ByteOrder.nativeOrder())
            .asFloatBuffer();
    for (FloatBuffer buffer : List.of(heap, direct)) {
      buffer.put(2, Float.NaN).put(values.length + 3, Float.NaN);
      buffer.position(3).put(values).flip().position(3);
    }
    return List.of(heap, direct);
  }

  @Test
  void theLargestMagnitudeIsFoundAtEveryPlaceOfEveryLength() {
    for (int length : new int[] {1, 2, 2047, 2048, 2049, 5000}) {
      for (int place : new int[] {0, length / 2, length - 1}) {
        float[] values = new float[length];
        values[place] = -3e38f;
        for (FloatBuffer buffer : buffers(values)) {
          assertEquals(3e38f, FiniteValues.largestMagnitude(buffer));
          assertEquals(-1, FiniteValues.firstNotFinite(buffer));
          assertEquals(3, buffer.position());
        }
      }
    }
  }

  @Test
  void theFirstValueThatIsNotFiniteIsFoundAtEveryPlaceOfEveryLength() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      for (int length : new int[] {1, 2, 2047, 2048, 2049, 5000}) {
        for (int place : new int[] {0, length / 2, length - 1}) {
          float[] values = new float[length];
          values[place] = bad;
          values[length - 1] = Float.isNaN(bad) ? Float.POSITIVE_INFINITY : bad;
          for (FloatBuffer buffer : buffers(values)) {
            assertFalse(Float.isFinite(FiniteValues.largestMagnitude(buffer)));
            assertEquals(place, FiniteValues.firstNotFinite(buffer));
          }
        }
      }
    }
  }

  @Test
  void noValuesHaveNoMagnitude() {
    assertEquals(0f, FiniteValues.largestMagnitude(FloatBuffer.allocate(0)));
    assertEquals(-1, FiniteValues.firstNotFinite(FloatBuffer.allocate(0)));
  }
}
