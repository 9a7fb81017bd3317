package org.otfuse.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.otfuse.SinkhornSettings;
import org.otfuse.TransportReport;

/** Entropic transport whose epsilon comes down from iteration to iteration. */
interface AnnealingChecks extends BackendChecks {
  /** Of a plan's entry after the same iterations, relative to the largest. */
  double ANNEALED_ENTRY = 1e-3;

  private static SinkhornSettings annealed(double epsilon, double tolerance, int maxIterations) {
    return new SinkhornSettings(
        epsilon, tolerance, maxIterations, Double.POSITIVE_INFINITY, false, 0.6);
  }

  private List<Outcome> solve(List<SinkhornProblem> batch) {
    return SinkhornProblem.solve(backend(), NOT_A_NUMBER, batch);
  }

  private static void checkAgainstReference(SinkhornProblem problem, Outcome outcome) {
    SinkhornReference.Solution reference = problem.reference();
    TransportReport report = outcome.report().orElseThrow();
    String where = " of [%d,%d], %s".formatted(problem.n(), problem.m(), problem.settings());
    double largest = Arrays.stream(reference.plan()).max().orElseThrow();
    new Tolerance(ANNEALED_ENTRY * largest, 0)
        .check(reference.plan(), outcome.array(0), "plan" + where);
    assertEquals(reference.converged(), report.converged(), () -> "converged" + where);
  }

  @Test
  default void everyAnnealedIterationIsThatOfTheReference() {
    List<SinkhornProblem> batch = new ArrayList<>();
    for (int iterations : new int[] {1, 2, 3, 5, 9}) {
      batch.add(SinkhornProblem.weighted(33, 20, 1, annealed(0.05, 0, iterations), 30));
      batch.add(SinkhornProblem.euclidean(17, 64, 10, annealed(0.1, 0, iterations), 31));
      batch.add(
          SinkhornProblem.weighted(16, 31, 1, annealed(0.05, 0, iterations).withTau(0.5), 32));
    }
    List<Outcome> results = solve(batch);
    for (int k = 0; k < batch.size(); k++) {
      SinkhornProblem problem = batch.get(k);
      if (problem.settings().balanced()) {
        SinkhornCertificate.check(problem, results.get(k));
      }
      checkAgainstReference(problem, results.get(k));
      assertEquals(
          problem.settings().maxIterations(), results.get(k).report().orElseThrow().iterations());
    }
  }

  @Test
  default void annealingReachesTheSameSolution() {
    List<SinkhornProblem> batch = new ArrayList<>();
    for (double epsilon : new double[] {0.01, 0.1, 0.7}) {
      batch.add(SinkhornProblem.weighted(40, 33, 1, annealed(epsilon, 1e-5, 5000), 33));
      batch.add(SinkhornProblem.euclidean(65, 64, 1e3, annealed(epsilon, 1e-5, 5000), 34));
    }
    List<Outcome> results = solve(batch);
    for (int k = 0; k < batch.size(); k++) {
      SinkhornProblem problem = batch.get(k);
      SinkhornCertificate.check(problem, results.get(k));
      checkAgainstReference(problem.with(problem.settings().withAnnealing(0)), results.get(k));
    }
  }

  @Test
  default void theStoppingRuleWaitsForTheFinalEpsilon() {
    List<SinkhornProblem> batch =
        List.of(
            SinkhornProblem.euclidean(20, 24, 1, annealed(0.01, 1.9, 5000), 35),
            SinkhornProblem.weighted(20, 24, 1, annealed(0.01, 1e9, 5000).withTau(1), 36));
    for (Outcome outcome : solve(batch)) {
      TransportReport report = outcome.report().orElseThrow();
      assertTrue(report.converged(), report::toString);
      // 0.6^10 is the first power below 0.01; the violation may be looked at every 10 iterations.
      assertTrue(report.iterations() >= 10 && report.iterations() <= 20, report::toString);
    }
  }

  @Test
  default void aWarmStartIsNotAnnealed() {
    SinkhornProblem cold = SinkhornProblem.weighted(33, 40, 1, annealed(0.05, 1e-5, 5000), 37);
    Outcome solved = solve(List.of(cold)).get(0);
    SinkhornSettings again =
        new SinkhornSettings(0.05, 1e-4, 5000, Double.POSITIVE_INFINITY, true, 0.999);
    SinkhornProblem warm =
        new SinkhornProblem(
            cold.cost(), cold.a(), cold.b(), again, List.of(solved.array(1), solved.array(2)));
    Outcome outcome = solve(List.of(warm)).get(0);
    SinkhornCertificate.check(warm, outcome);
    assertTrue(outcome.report().orElseThrow().converged());
    Tolerance.atMost(10, outcome.report().orElseThrow().iterations(), "iterations");
  }

  @Test
  default void annealingSavesIterationsAtASmallEpsilon() {
    SinkhornSettings plain =
        new SinkhornSettings(0.002, 1e-4, 20_000, Double.POSITIVE_INFINITY, false);
    List<SinkhornProblem> batch = new ArrayList<>();
    for (int seed = 40; seed < 48; seed++) {
      batch.add(SinkhornProblem.euclidean(64, 64, 1, plain, seed));
    }
    int without = iterations(batch);
    int with = iterations(batch.stream().map(p -> p.with(plain.withAnnealing(0.9))).toList());
    Tolerance.atMost(0.75 * without, with, "iterations");
  }

  private int iterations(List<SinkhornProblem> batch) {
    int sum = 0;
    for (Outcome outcome : solve(batch)) {
      TransportReport report = outcome.report().orElseThrow();
      assertTrue(report.converged(), report::toString);
      sum += report.iterations();
    }
    return sum;
  }
}
