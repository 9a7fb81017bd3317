package org.otfuse.models.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class FeaturePositionsTest {
  @Test
  void allPairsAreTakenWithinTheBudget() {
    FeaturePositions positions = FeaturePositions.of(5, 7, 35);
    assertEquals(35, positions.count());
    for (int j = 0; j < 35; j++) {
      assertEquals(j, positions.at(j));
    }
  }

  @Test
  void everySampleAndEveryPositionHasItsShareAboveTheBudget() {
    FeaturePositions positions = FeaturePositions.of(1024, 64, 16384);
    int[] ofSample = new int[1024];
    int[] ofPosition = new int[64];
    long before = -1;
    for (int j = 0; j < positions.count(); j++) {
      long pair = positions.at(j);
      assertTrue(pair > before && pair < positions.total());
      before = pair;
      ofSample[(int) (pair / 64)]++;
      ofPosition[(int) (pair % 64)]++;
    }
    for (int count : ofSample) {
      assertEquals(16, count);
    }
    // 256 on average; a standard deviation is at most 16.
    for (int count : ofPosition) {
      assertTrue(Math.abs(count - 256) < 80, "a position is taken " + count + " times");
    }
  }

  @Test
  void theFirstFeatureFromAPairOnIsFoundForEveryPair() {
    for (int budget : new int[] {1, 3, 10, 29, 30}) {
      FeaturePositions positions = FeaturePositions.of(6, 5, budget);
      for (long pair = 0; pair <= 30; pair++) {
        int expected = 0;
        while (expected < budget && positions.at(expected) < pair) {
          expected++;
        }
        assertEquals(expected, positions.firstFrom(pair), "budget " + budget + ", pair " + pair);
      }
    }
  }

  @Test
  void manySamplesDoNotOverflow() {
    FeaturePositions positions = FeaturePositions.of(3_000_000, 12544, 16384);
    assertEquals(37_632_000_000L, positions.total());
    long last = positions.at(16383);
    assertTrue(last >= positions.total() / 16384 * 16383 && last < positions.total());
    assertEquals(16383, positions.firstFrom(last));
  }
}
