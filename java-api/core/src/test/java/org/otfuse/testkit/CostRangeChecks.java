package org.otfuse.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.otfuse.Metric;
import org.otfuse.testkit.CostChecks.CostProblem;

/**
 * Pairwise costs of features of every magnitude that float32 has. What a distance may be off by is
 * relative to its own two rows, whatever rows stand beside them.
 */
interface CostRangeChecks extends BackendChecks {
  /** One value beyond what its neighbours can be compared with in float32. */
  double[] OUTLIERS = {1e5, 1e10, 1e20, 1e30};

  private static CostProblem problem(float[] x, float[] y, int d, Metric metric) {
    return new CostProblem(x, y, x.length / d, y.length / d, d, metric);
  }

  private static List<CostProblem> allMetrics(float[] x, float[] y, int d) {
    return Arrays.stream(Metric.values()).map(metric -> problem(x, y, d, metric)).toList();
  }

  private static float[] ordinary(int rows, int d, long seed) {
    return new Samples(seed).gaussian(rows * d, 0.1, 1);
  }

  /** Multiplies one row. */
  private static void scale(float[] rows, int d, int row, double factor) {
    for (int k = row * d; k < (row + 1) * d; k++) {
      rows[k] = (float) (rows[k] * factor);
    }
  }

  private void check(List<CostProblem> batch) {
    List<Outcome> results = CostChecks.cost(backend(), NOT_A_NUMBER, batch);
    for (int k = 0; k < batch.size(); k++) {
      check(batch.get(k), results.get(k).array(0));
    }
  }

  private static void check(CostProblem p, float[] cost) {
    double[] reference = PairwiseCostReference.cost(p.x(), p.y(), p.n(), p.m(), p.d(), p.metric());
    for (int i = 0; i < p.n(); i++) {
      double xx = squaredNorm(p.x(), i * p.d(), p.d());
      for (int j = 0; j < p.m(); j++) {
        double norms = xx + squaredNorm(p.y(), j * p.d(), p.d());
        double expected = reference[i * p.m() + j];
        float found = cost[i * p.m() + j];
        String what = "%s [%d,%d,%d] at %d,%d".formatted(p.metric(), p.n(), p.m(), p.d(), i, j);
        if (expected > Float.MAX_VALUE) {
          assertEquals(Float.POSITIVE_INFINITY, found, what);
        } else {
          tolerance(p.metric(), norms, expected).check(expected, found, what);
        }
      }
    }
  }

  private static Tolerance tolerance(Metric metric, double norms, double expected) {
    double square = CostChecks.SQUARED_NORMS * norms;
    return switch (metric) {
      case SQEUCLIDEAN -> new Tolerance(square + Float.MIN_NORMAL, CostChecks.COST_RELATIVE);
      case EUCLIDEAN -> {
        double absolute = norms == 0 ? 0 : square / Math.max(Math.sqrt(square), expected);
        yield new Tolerance(absolute + Float.MIN_NORMAL, CostChecks.COST_RELATIVE);
      }
      case COSINE -> new Tolerance(CostChecks.COSINE_ABSOLUTE, CostChecks.COST_RELATIVE);
    };
  }

  private static double squaredNorm(float[] rows, int offset, int d) {
    double sum = 0;
    for (int k = offset; k < offset + d; k++) {
      sum += (double) rows[k] * rows[k];
    }
    return sum;
  }

  /** Ordinary rows with one of another magnitude among x, among y, and among both. */
  private static List<CostProblem> withOneRowTimes(double factor, int d) {
    List<CostProblem> batch = new ArrayList<>();
    for (boolean[] sides : new boolean[][] {{true, false}, {false, true}, {true, true}}) {
      float[] x = ordinary(17, d, 31);
      float[] y = ordinary(20, d, 32);
      if (sides[0]) {
        scale(x, d, 3, factor);
      }
      if (sides[1]) {
        scale(y, d, 19, factor);
      }
      batch.addAll(allMetrics(x, y, d));
    }
    return batch;
  }

  @Test
  default void aRowOfAnyMagnitudeLeavesTheDistancesOfTheOthersAsTheyAre() {
    for (double factor : OUTLIERS) {
      check(withOneRowTimes(factor, 33));
    }
    check(withOneRowTimes(1e20, 1));
  }

  @Test
  default void oneValueOfAnyMagnitudeLeavesTheOtherDistancesAsTheyAre() {
    for (double value : new double[] {-1e20, 3e38}) {
      float[] x = ordinary(17, 33, 33);
      float[] y = ordinary(20, 33, 34);
      x[5 * 33 + 7] = (float) value;
      check(allMetrics(x, y, 33));
      check(allMetrics(y, x, 33));
    }
  }

  @Test
  default void smallRowsBesideOrdinaryOnesKeepTheirDistances() {
    float[] x = ordinary(12, 33, 35);
    float[] y = ordinary(15, 33, 36);
    for (int row : new int[] {0, 4, 11}) {
      scale(x, 33, row, 1e-25);
      scale(y, 33, row, 1e-25);
    }
    check(allMetrics(x, y, 33));
  }

  @Test
  default void rowsThatAreAllSmallOrAllLargeKeepTheirDistances() {
    for (double factor : new double[] {1e-30, 1e-25, 1e-20, 1e15, 1e20, 1e30}) {
      float[] x = ordinary(17, 33, 37);
      float[] y = ordinary(20, 33, 38);
      for (int i = 0; i < 20; i++) {
        scale(y, 33, i, factor);
        if (i < 17) {
          scale(x, 33, i, factor);
        }
      }
      check(allMetrics(x, y, 33));
    }
  }

  @Test
  default void distancesAboveTheLargestFloatAreInfinite() {
    float[] x = ordinary(9, 20, 39);
    float[] y = ordinary(9, 20, 40);
    Arrays.fill(x, 0, 20, 3e38f);
    x[2 * 20 + 5] = 3e38f;
    y[4 * 20 + 5] = -3e38f;
    System.arraycopy(x, 0, y, 6 * 20, 20);
    check(allMetrics(x, y, 20));
  }

  @Test
  default void cosinesDoNotDependOnTheLengthsOfRows() {
    float[] x = ordinary(8, 40, 41);
    float[] y = x.clone();
    for (int i = 0; i < 8; i++) {
      scale(x, 40, i, Math.pow(10, 9 * i - 31));
      scale(y, 40, i, Math.pow(10, 30 - 8 * i));
    }
    check(List.of(problem(x, y, 40, Metric.COSINE)));
  }

  @Test
  default void featuresThatAreNotFiniteGiveCostsThatAreNotAndNothingElseHappens() {
    for (float value : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      float[] x = ordinary(17, 33, 42);
      float[] y = ordinary(20, 33, 43);
      x[2 * 33 + 32] = value;
      y[19 * 33] = value;
      List<CostProblem> batch = allMetrics(x, y, 33);
      List<Outcome> results = CostChecks.cost(backend(), GARBAGE, batch);
      for (int k = 0; k < batch.size(); k++) {
        for (int j = 0; j < 20; j++) {
          float cost = results.get(k).array(0)[2 * 20 + j];
          assertFalse(Float.isFinite(cost), batch.get(k).metric() + " at 2," + j);
        }
        for (int i = 0; i < 17; i++) {
          float cost = results.get(k).array(0)[i * 20 + 19];
          assertFalse(Float.isFinite(cost), batch.get(k).metric() + " at " + i + ",19");
        }
      }
    }
    check(allMetrics(ordinary(17, 33, 44), ordinary(20, 33, 45), 33));
  }

  @Test
  default void costsOfAnyMagnitudeDoNotDependOnRunBatchThreadsOrMemory() {
    List<CostProblem> batch = new ArrayList<>(withOneRowTimes(1e20, 33));
    batch.addAll(allMetrics(ordinary(40, 65, 46), ordinary(70, 65, 47), 65));
    Repeatability.check(this, CostChecks::cost, batch);
  }
}
