package org.otfuse.features;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class ImportanceTest {
  private static final float TOLERANCE = 1e-6f;

  private static FloatBuffer outputs(float... values) {
    return FloatBuffer.wrap(values);
  }

  @Test
  void variancesOfSeveralProducersAreSummed() {
    FloatBuffer first = outputs(7, 1, 0, 0, 5, 5);
    FloatBuffer second = outputs(4, -4, 2, -2, 1, 1);
    float[] mass = Importance.marginal(List.of(first, second), 3);
    assertEquals(5f / 7, mass[0], TOLERANCE);
    assertEquals(2f / 7, mass[1], TOLERANCE);
    assertEquals(1e-9f, mass[2], 1e-12f);
  }

  @Test
  void neuronsThatNeverChangeAllHaveTheSameMass() {
    float[] mass = Importance.marginal(List.of(outputs(3, 3, -1, -1)), 2);
    assertEquals(0.5f, mass[0]);
    assertEquals(0.5f, mass[1]);
  }
}
