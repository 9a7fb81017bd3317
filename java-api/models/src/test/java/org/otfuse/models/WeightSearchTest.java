package org.otfuse.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WeightSearchTest {
  @ParameterizedTest
  @ValueSource(doubles = {0, 0.137, 0.5, 0.82, 1})
  void twoWeightsAreFoundToAHundredth(double best) {
    List<List<Double>> seen = new ArrayList<>();
    WeightSearch.Found found =
        WeightSearch.search(
            2,
            w -> {
              seen.add(w);
              return (w.get(1) - best) * (w.get(1) - best);
            });
    assertEquals(best, found.weights().get(1), 0.0125);
    assertEquals(Math.pow(found.weights().get(1) - best, 2), found.loss(), 1e-12);
    assertTrue(seen.size() <= 18, seen.size() + " evaluations");
    for (List<Double> weights : seen) {
      assertEquals(1, weights.get(0) + weights.get(1), 1e-9);
      assertTrue(weights.stream().allMatch(w -> w >= 0), weights.toString());
    }
  }

  @Test
  void theSearchPassesALocalMinimum() {
    WeightSearch.Found found =
        WeightSearch.search(
            2, w -> Math.min(0.1 + Math.abs(w.get(1) - 0.5), Math.abs(w.get(1) - 0.9)));
    assertEquals(0.9, found.weights().get(1), 1e-9);
  }

  @Test
  void threeWeightsComeNearTheLeastLoss() {
    double[] best = {0.2, 0.7, 0.1};
    WeightSearch.Found found =
        WeightSearch.search(
            3,
            w -> {
              double loss = 0;
              for (int k = 0; k < 3; k++) {
                loss += (w.get(k) - best[k]) * (w.get(k) - best[k]);
              }
              return loss;
            });
    for (int k = 0; k < 3; k++) {
      assertEquals(best[k], found.weights().get(k), 0.03);
    }
    assertEquals(1, found.weights().stream().mapToDouble(w -> w).sum(), 1e-9);
  }
}
