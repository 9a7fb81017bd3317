package org.otfuse.models.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.otfuse.Coupling;

class HeatMapTest {
  private static HeatMap drawn(int n, int m, float... values) {
    return HeatMap.of(new Coupling(n, m, values, OptionalDouble.empty()));
  }

  private static int shade(HeatMap map, int y, int x) {
    return map.shades()[y * map.width() + x] & 0xFF;
  }

  @Test
  void darknessGrowsWithTheSquareRootOfTheMass() {
    HeatMap map = drawn(2, 2, 0.64f, 0.16f, 0, 0.04f);
    assertEquals(255, shade(map, 0, 0));
    assertEquals(128, shade(map, 0, 1), 1);
    assertEquals(0, shade(map, 1, 0));
    assertEquals(64, shade(map, 1, 1), 1);
  }

  @Test
  void aLargeCouplingIsDrawnInBlocksThatKeepAllMass() {
    int n = 3 * HeatMap.MOST;
    float[] values = new float[n * 2];
    for (int i = 0; i < n; i++) {
      values[2 * i + i % 2] = 1f / n;
    }
    HeatMap map = drawn(n, 2, values);
    assertEquals(HeatMap.MOST, map.height());
    assertEquals(2, map.width());
    for (int y = 0; y < HeatMap.MOST; y++) {
      // of the three neurons of a block two go one way and one goes the other
      int heavy = y % 2;
      assertEquals(255, shade(map, y, heavy));
      assertEquals(180, shade(map, y, 1 - heavy), 1);
    }
  }

  @Test
  void aCouplingWithoutMassIsLight() {
    assertEquals(0, shade(drawn(1, 1, 0), 0, 0));
  }
}
