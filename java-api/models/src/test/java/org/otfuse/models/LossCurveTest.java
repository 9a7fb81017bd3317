package org.otfuse.models;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.otfuse.models.Evaluation.Score;

class LossCurveTest {
  private static double barrier(double... losses) {
    List<Score> scores = Arrays.stream(losses).mapToObj(loss -> new Score(0, loss)).toList();
    return LossCurve.barrier(LossCurve.weights(losses.length), scores);
  }

  @Test
  void theBarrierIsMeasuredFromTheLineBetweenTheEnds() {
    assertEquals(2.25, barrier(1, 3.5, 1.5), 1e-12);
    assertEquals(0.4, barrier(1, 1.4, 1, 1, 1), 1e-12);
  }

  @Test
  void aCurveBelowTheLineHasNoBarrier() {
    assertEquals(0, barrier(1, 0.5, 1), 0);
    assertEquals(0, barrier(3, 1), 0);
  }

  @Test
  void weightsAreEvenFromZeroToOne() {
    assertEquals(List.of(0.0, 0.25, 0.5, 0.75, 1.0), LossCurve.weights(5));
  }
}
