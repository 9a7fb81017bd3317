package org.otfuse.solver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.otfuse.InvalidInputException;
import org.otfuse.TransportReport;

class TransportSolverTest {
  private static final int[][] SIZES = {
    {1, 1}, {1, 9}, {9, 1}, {2, 2}, {3, 2}, {7, 5}, {64, 32}, {32, 64}, {48, 36}, {50, 50},
    {131, 70}
  };

  static Stream<Arguments> problems() {
    return Arrays.stream(SIZES)
        .flatMap(
            size -> {
              int n = size[0];
              int m = size[1];
              return Stream.of(
                      Arguments.of("uniform", n, m, Costs.uniform(n, m, n, 1)),
                      Arguments.of("0 to 0.001", n, m, Costs.uniform(n, m, n, 1e-3f)),
                      Arguments.of("1e-3 to 1e3, both signs", n, m, Costs.wide(n, m, n)),
                      Arguments.of("integers", n, m, Costs.integers(n, m, n, 5)),
                      Arguments.of("zero", n, m, new float[n * m]),
                      Arguments.of("constant", n, m, Costs.of(n, m, (i, j) -> 7)),
                      Arguments.of("equal rows", n, m, Costs.of(n, m, (i, j) -> j * j % 11)),
                      Arguments.of("Monge", n, m, Costs.of(n, m, (i, j) -> (i - j) * (i - j))),
                      Arguments.of("inverse Monge", n, m, Costs.of(n, m, (i, j) -> i * j)),
                      Arguments.of("correlated", n, m, Costs.correlated(n, m, n, 0.3)))
                  .flatMap(
                      problem -> {
                        Object[] p = problem.get();
                        return Stream.of(
                            Arguments.of(p[0], "uniform", n, m, p[3], equal(n), equal(m)),
                            Arguments.of(p[0], "random", n, m, p[3], random(n, 1), random(m, 2)),
                            Arguments.of(p[0], "skewed", n, m, p[3], skewed(n), skewed(m)),
                            Arguments.of(p[0], "mixed", n, m, p[3], equal(n), skewed(m)));
                      });
            });
  }

  @ParameterizedTest(name = "{0} cost, {1} marginals, {2} to {3}")
  @MethodSource("problems")
  void potentialsProveThatThePlanIsAnOptimalVertex(
      String kind, String marginals, int n, int m, float[] cost, float[] a, float[] b) {
    float[] plan = new float[n * m];
    TransportReport report = TransportSolver.solve(cost, 0, n, m, a, 0, b, 0, plan, 0);

    double[] rows = new double[n];
    double[] columns = new double[m];
    double primal = 0;
    double scale = 0;
    int positive = 0;
    for (int k = 0; k < plan.length; k++) {
      assertTrue(plan[k] >= 0);
      rows[k / m] += plan[k];
      columns[k % m] += plan[k];
      primal += (double) plan[k] * cost[k];
      scale = Math.max(scale, Math.abs(cost[k]));
      positive += plan[k] > 0 ? 1 : 0;
    }
    assertTrue(positive <= n + m - 1, positive + " entries");
    assertClose(a, rows);
    assertClose(b, columns);

    double dual = dual(cost, a, b, potentials(cost, n, m, a, b));
    assertEquals(dual, primal, 1e-6 * scale);
    assertEquals(primal, report.transportCost(), 1e-6 * scale);
    assertEquals(0, report.dualityGap(), 1e-9 * scale);
    assertEquals(0, report.violation());
    assertTrue(report.converged());
  }

  @Test
  void costEqualsThatOfTheAssignmentForEqualSizesAndUniformMarginals() {
    for (int n : new int[] {1, 2, 5, 40, 150}) {
      for (float[] cost :
          new float[][] {
            Costs.uniform(n, n, n, 1), Costs.integers(n, n, n, 6), Costs.correlated(n, n, n, 0.2)
          }) {
        float[] plan = new float[n * n];
        float[] marginal = equal(n);
        TransportReport report =
            TransportSolver.solve(cost, 0, n, n, marginal, 0, marginal, 0, plan, 0);
        double expected = AssignmentSolver.solve(cost, 0, n).report().transportCost();
        assertEquals(expected, report.transportCost(), 1e-6 * expected);
      }
    }
  }

  @Test
  void everyColumnTakesTwoWholeRowsWhereThereAreTwiceAsMany() {
    int n = 64;
    int m = 32;
    float[] plan = new float[n * m];
    TransportSolver.solve(
        Costs.correlated(n, m, 4, 0.3), 0, n, m, equal(n), 0, equal(m), 0, plan, 0);
    int[] taken = new int[m];
    for (int k = 0; k < plan.length; k++) {
      if (plan[k] != 0) {
        assertEquals(1f / n, plan[k]);
        taken[k % m]++;
      }
    }
    for (int count : taken) {
      assertEquals(2, count);
    }
  }

  @Test
  void costEqualsThatOfTheQuantileCouplingOnALine() {
    int n = 60;
    int m = 47;
    float[] a = random(n, 11);
    float[] b = random(m, 12);
    float[] cost = Costs.of(n, m, (i, j) -> (3 * i - 4 * j) * (3 * i - 4 * j));
    double scale = sum(a) / sum(b);
    double expected = 0;
    int j = 0;
    double room = b[0] * scale;
    for (int i = 0; i < n; i++) {
      double left = a[i];
      while (left > 1e-14) {
        double moved = Math.min(left, room);
        expected += moved * cost[i * m + j];
        left -= moved;
        room -= moved;
        if (room <= 1e-14 && j < m - 1) {
          room += b[++j] * scale;
        }
      }
    }
    float[] plan = new float[n * m];
    TransportReport report = TransportSolver.solve(cost, 0, n, m, a, 0, b, 0, plan, 0);
    assertEquals(expected, report.transportCost(), 1e-9 * expected);
  }

  @Test
  void handSolvedProblemComesOutRight() {
    float[] cost = {4, 6, 8, 5, 2, 7};
    float[] a = {0.5f, 0.5f};
    float[] b = {0.25f, 0.5f, 0.25f};
    float[] plan = new float[6];
    TransportReport report = TransportSolver.solve(cost, 0, 2, 3, a, 0, b, 0, plan, 0);
    assertArrayEquals(new float[] {0.25f, 0, 0.25f, 0, 0.5f, 0}, plan);
    assertEquals(4, report.transportCost());
  }

  @Test
  void everyEntryOfThePlanIsWrittenAndNothingBesideIt() {
    int n = 12;
    int m = 9;
    float[] cost = shifted(Costs.uniform(n, m, 8, 1), 3);
    float[] a = shifted(random(n, 1), 2);
    float[] b = shifted(random(m, 2), 5);
    float[] first = new float[n * m + 8];
    float[] second = new float[n * m + 8];
    Arrays.fill(first, Float.NaN);
    TransportReport report = TransportSolver.solve(cost, 3, n, m, a, 2, b, 5, first, 4);
    assertEquals(report, TransportSolver.solve(cost, 3, n, m, a, 2, b, 5, second, 4));
    assertArrayEquals(
        Arrays.copyOfRange(first, 4, 4 + n * m), Arrays.copyOfRange(second, 4, 4 + n * m));
    for (int k = 0; k < 4; k++) {
      assertTrue(Float.isNaN(first[k]) && Float.isNaN(first[4 + n * m + k]));
      assertTrue(second[k] == 0 && second[4 + n * m + k] == 0);
    }
  }

  @Test
  void sameProblemGivesTheSamePlanEveryTime() {
    int n = 70;
    int m = 30;
    float[] cost = Costs.integers(n, m, 5, 3);
    float[] first = new float[n * m];
    TransportSolver.solve(cost, 0, n, m, equal(n), 0, equal(m), 0, first, 0);
    for (int run = 0; run < 5; run++) {
      float[] again = new float[n * m];
      TransportSolver.solve(cost.clone(), 0, n, m, equal(n), 0, equal(m), 0, again, 0);
      assertArrayEquals(first, again);
    }
  }

  @Test
  void badInputIsRefusedBeforeThePlanIsTouched() {
    float[] one = {1};
    float[] half = {0.5f, 0.5f};
    assertRefused(
        "Cost [0,1] is NaN, expected a finite number.", new float[] {0, Float.NaN}, one, half);
    for (float bad : new float[] {0, -1, Float.NaN, Float.POSITIVE_INFINITY}) {
      assertRefused(
          "Mass b[1] is " + bad + ", expected a finite number above 0.",
          new float[2],
          one,
          new float[] {1, bad});
      assertRefused(
          "Mass a[0] is " + bad + ", expected a finite number above 0.",
          new float[2],
          new float[] {bad},
          half);
    }
    assertThrows(
        InvalidInputException.class,
        () -> TransportSolver.solve(new float[2], 0, 1, 2, one, 1, half, 0, new float[2], 0));
    assertThrows(
        InvalidInputException.class,
        () -> TransportSolver.solve(new float[2], 0, 1, 2, one, 0, half, 0, new float[2], 1));
  }

  private static void assertRefused(String message, float[] cost, float[] a, float[] b) {
    float[] plan = {5, 5};
    InvalidInputException refused =
        assertThrows(
            InvalidInputException.class,
            () -> TransportSolver.solve(cost, 0, 1, 2, a, 0, b, 0, plan, 0));
    assertEquals(message, refused.getMessage());
    assertArrayEquals(new float[] {5, 5}, plan);
  }

  private static double[] potentials(float[] cost, int n, int m, float[] a, float[] b) {
    Masses masses = Masses.of(a, 0, n, b, 0, m);
    return TransportSolver.optimal(CostMatrix.of(cost, 0, n, m), masses).potentials();
  }

  /** A lower bound of every plan's cost, whatever the potentials: only v is believed. */
  private static double dual(float[] cost, float[] a, float[] b, double[] potentials) {
    int n = a.length;
    int m = b.length;
    double scale = sum(a) / sum(b);
    double dual = 0;
    for (int i = 0; i < n; i++) {
      double u = Double.POSITIVE_INFINITY;
      for (int j = 0; j < m; j++) {
        u = Math.min(u, cost[i * m + j] - potentials[n + j]);
      }
      dual += a[i] * u;
    }
    for (int j = 0; j < m; j++) {
      dual += b[j] * scale * potentials[n + j];
    }
    return dual;
  }

  private static void assertClose(float[] expected, double[] found) {
    for (int k = 0; k < expected.length; k++) {
      assertEquals(expected[k], found[k], 1e-6);
    }
  }

  private static float[] equal(int size) {
    float[] marginal = new float[size];
    Arrays.fill(marginal, 1f / size);
    return marginal;
  }

  private static float[] random(int size, long seed) {
    Random random = new Random(seed);
    return normalised(random.doubles(size, 0.1, 1).toArray());
  }

  /** Masses over nine orders of magnitude, as importance of dead neurons gives. */
  private static float[] skewed(int size) {
    double[] masses = new double[size];
    for (int k = 0; k < size; k++) {
      masses[k] = Math.pow(10, -9.0 * (k % 10) / 9);
    }
    return normalised(masses);
  }

  private static float[] normalised(double[] masses) {
    double total = Arrays.stream(masses).sum();
    float[] marginal = new float[masses.length];
    for (int k = 0; k < marginal.length; k++) {
      marginal[k] = (float) (masses[k] / total);
    }
    return marginal;
  }

  private static double sum(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    return sum;
  }

  private static float[] shifted(float[] values, int offset) {
    float[] larger = new float[values.length + offset + 2];
    Arrays.fill(larger, Float.NaN);
    System.arraycopy(values, 0, larger, offset, values.length);
    return larger;
  }
}
