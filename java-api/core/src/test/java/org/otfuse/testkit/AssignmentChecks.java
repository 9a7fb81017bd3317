package org.otfuse.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.otfuse.testkit.Samples.SIZES;
import static org.otfuse.testkit.Samples.doubles;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.otfuse.TransportReport;
import org.otfuse.spi.Assignment;
import org.otfuse.spi.Backend;
import org.otfuse.spi.Matrix;

/** Linear assignment. */
interface AssignmentChecks extends BackendChecks {
  /** Of the mean cost of matched pairs; the absolute part is relative to the largest cost. */
  Tolerance ASSIGNMENT_COST = new Tolerance(1e-12, 1e-6);

  /** One cost matrix [n,n]. */
  record AssignmentProblem(float[] cost, int n) {}

  /** Solves a batch; the matching is written as floats, exact below 2^24. */
  static List<Outcome> assign(Backend backend, float poison, List<AssignmentProblem> batch) {
    return assign(backend, poison, batch, List.of());
  }

  /** The same, from column potentials, one array a problem; without any from nothing. */
  static List<Outcome> assign(
      Backend backend, float poison, List<AssignmentProblem> batch, List<float[]> potentials) {
    try (Arena arena = new Arena(backend, poison)) {
      List<Matrix> costs = new ArrayList<>();
      for (AssignmentProblem p : batch) {
        costs.add(arena.input(p.cost, p.n, p.n));
      }
      List<Assignment> assignments =
          potentials.isEmpty()
              ? backend.assign(costs)
              : backend.assign(costs, potentials.stream().map(arena::input).toList());
      arena.verify();
      List<Outcome> outcomes = new ArrayList<>();
      for (Assignment assignment : assignments) {
        int[] source = assignment.map().source();
        float[] matching = new float[source.length];
        for (int j = 0; j < source.length; j++) {
          matching[j] = source[j];
        }
        assertEquals(source.length, assignment.map().sourceSize());
        outcomes.add(new Outcome(List.of(matching), Optional.of(assignment.report())));
      }
      return outcomes;
    }
  }

  private static void check(AssignmentProblem p, double expected, Outcome outcome) {
    float[] matching = outcome.array(0);
    int[] rowOf = IntStream.range(0, p.n).map(j -> (int) matching[j]).toArray();
    assertEquals(p.n, matching.length);
    assertEquals(p.n, Arrays.stream(rowOf).distinct().count(), "rows used");
    double scale = 0;
    for (float c : p.cost) {
      scale = Math.max(scale, Math.abs(c));
    }
    Tolerance tolerance =
        new Tolerance(ASSIGNMENT_COST.absolute() * scale, ASSIGNMENT_COST.relative());
    double cost = AssignmentReference.meanCost(doubles(p.cost), rowOf);
    tolerance.check(expected, cost, "cost of the assignment of " + p.n);
    TransportReport report = outcome.report().orElseThrow();
    tolerance.check(cost, report.transportCost(), "reported cost of the assignment of " + p.n);
    assertTrue(report.converged());
    assertEquals(0, report.violation());
    assertTrue(Math.abs(report.dualityGap()) <= 1e-6 * scale, "gap " + report.dualityGap());
  }

  private void check(List<AssignmentProblem> batch) {
    List<Outcome> results = assign(backend(), NOT_A_NUMBER, batch);
    for (int k = 0; k < batch.size(); k++) {
      AssignmentProblem p = batch.get(k);
      double[] cost = doubles(p.cost);
      int[] reference = AssignmentReference.solve(cost, p.n);
      check(p, AssignmentReference.meanCost(cost, reference), results.get(k));
    }
  }

  private static List<AssignmentProblem> everySize() {
    List<AssignmentProblem> batch = new ArrayList<>();
    for (int n : SIZES) {
      batch.add(new AssignmentProblem(new Samples(300 + n).uniform(n * n, 1), n));
    }
    return batch;
  }

  /** Costs of row plus column plus little noise: nearly every matching is nearly optimal. */
  private static AssignmentProblem correlated(int n, long seed) {
    Samples samples = new Samples(seed);
    float[] rows = samples.uniform(n, 10);
    float[] columns = samples.uniform(n, 10);
    float[] cost = samples.uniform(n * n, 0.1);
    for (int k = 0; k < cost.length; k++) {
      cost[k] += rows[k / n] + columns[k % n];
    }
    return new AssignmentProblem(cost, n);
  }

  @Test
  default void assignmentsMatchAnotherImplementation() {
    for (Vectors.Transport v : Vectors.transport()) {
      if (v.assignmentCost().isPresent()) {
        AssignmentProblem problem = new AssignmentProblem(v.cost(), v.n());
        Outcome outcome = assign(backend(), NOT_A_NUMBER, List.of(problem)).get(0);
        check(problem, v.assignmentCost().getAsDouble(), outcome);
      }
    }
  }

  @Test
  default void assignmentsAreOptimalAtEverySize() {
    check(everySize());
  }

  @Test
  default void assignmentsOfLargeMatricesAreOptimal() {
    float[] uniform = new Samples(1).uniform(512 * 512, 1);
    float[] euclidean = new Samples(2).euclidean(300, 300, 1);
    check(List.of(new AssignmentProblem(uniform, 512), new AssignmentProblem(euclidean, 300)));
  }

  @Test
  default void assignmentsOfCorrelatedCostsAreOptimal() {
    check(List.of(correlated(40, 3), correlated(150, 4)));
  }

  @Test
  default void assignmentsOfTiedCostsAreOptimal() {
    float[] integers = new Samples(5).uniform(60 * 60, 5);
    for (int k = 0; k < integers.length; k++) {
      integers[k] = (float) Math.floor(integers[k]);
    }
    check(
        List.of(
            new AssignmentProblem(integers, 60),
            new AssignmentProblem(Samples.constant(33 * 33, 2.5), 33),
            new AssignmentProblem(new float[17 * 17], 17)));
  }

  @Test
  default void assignmentsAreOptimalFromAnyColumnPotentials() {
    List<AssignmentProblem> batch = new ArrayList<>(everySize());
    batch.add(correlated(100, 11));
    batch.add(new AssignmentProblem(Samples.constant(33 * 33, 2.5), 33));
    for (double spread : new double[] {0, 1, 100}) {
      List<float[]> potentials = new ArrayList<>();
      for (AssignmentProblem p : batch) {
        potentials.add(new Samples(12).gaussian(p.n, 0, spread));
      }
      List<Outcome> results = assign(backend(), NOT_A_NUMBER, batch, potentials);
      for (int k = 0; k < batch.size(); k++) {
        AssignmentProblem p = batch.get(k);
        double[] cost = doubles(p.cost);
        int[] reference = AssignmentReference.solve(cost, p.n);
        check(p, AssignmentReference.meanCost(cost, reference), results.get(k));
      }
    }
  }

  @Test
  default void assignmentsOfScaledAndNegativeCostsAreOptimal() {
    float[] small = new Samples(6).uniform(50 * 50, 1e-3);
    float[] large = new Samples(7).uniform(50 * 50, 1e3);
    float[] signed = new Samples(8).gaussian(50 * 50, -1, 3);
    check(
        List.of(
            new AssignmentProblem(small, 50),
            new AssignmentProblem(large, 50),
            new AssignmentProblem(signed, 50)));
  }

  @Test
  default void assignmentsOfTheLargestAndSmallestCostsAreOptimal() {
    float[] largest = new Samples(13).uniform(33 * 33, 3e38);
    float[] smallest = new Samples(14).uniform(33 * 33, 1e-38);
    float[] signed = new Samples(15).uniform(33 * 33, 3e38);
    float[] mixed = new Samples(16).uniform(33 * 33, 1);
    for (int k = 0; k < signed.length; k++) {
      signed[k] *= k % 2 == 0 ? 1 : -1;
      mixed[k] *= k % 3 == 0 ? 3e38f : 1e-38f;
    }
    check(
        List.of(
            new AssignmentProblem(largest, 33),
            new AssignmentProblem(smallest, 33),
            new AssignmentProblem(signed, 33),
            new AssignmentProblem(mixed, 33)));
  }

  @Test
  default void assignmentFindsAPermutedCopy() {
    int n = 100;
    int d = 20;
    float[] y = new Samples(9).gaussian(n * d, 0, 1);
    int[] order = new Samples(10).permutation(n);
    float[] x = new float[n * d];
    for (int j = 0; j < n; j++) {
      System.arraycopy(y, j * d, x, order[j] * d, d);
    }
    double[] cost = PairwiseCostReference.cost(x, y, n, n, d, org.otfuse.Metric.EUCLIDEAN);
    AssignmentProblem problem = new AssignmentProblem(Samples.floats(cost), n);
    float[] matching = assign(backend(), NOT_A_NUMBER, List.of(problem)).get(0).array(0);
    for (int j = 0; j < n; j++) {
      assertEquals(order[j], (int) matching[j]);
    }
  }

  @Test
  default void assignmentsDoNotDependOnRunBatchThreadsOrMemory() {
    List<AssignmentProblem> batch = new ArrayList<>(everySize());
    batch.add(new AssignmentProblem(Samples.constant(20 * 20, 1), 20));
    Repeatability.check(this, AssignmentChecks::assign, batch);
  }
}
