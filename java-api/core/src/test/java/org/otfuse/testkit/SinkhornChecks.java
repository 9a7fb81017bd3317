package org.otfuse.testkit;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.otfuse.testkit.Samples.doubles;
import static org.otfuse.testkit.Samples.even;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.otfuse.SinkhornSettings;
import org.otfuse.TransportReport;

/** Balanced entropic transport. */
interface SinkhornChecks extends BackendChecks {
  /** Of the transport cost, relative; what the violations move comes on top. */
  double SINKHORN_COST = 1e-4;

  /** What a float32 plan may misplace, in mass. */
  double SINKHORN_MASS = 2e-7;

  /** Of a plan's entry, relative to the largest; what the violations move comes on top. */
  double SINKHORN_ENTRY = 1e-3;

  /** For comparisons with numbers: far below what is compared. */
  private static SinkhornSettings tight(double epsilon) {
    return settings(epsilon, 1e-6, 5000);
  }

  private static SinkhornSettings settings(double epsilon, double tolerance, int maxIterations) {
    return new SinkhornSettings(epsilon, tolerance, maxIterations, Double.POSITIVE_INFINITY, false);
  }

  private List<Outcome> certified(List<SinkhornProblem> batch) {
    List<Outcome> results = SinkhornProblem.solve(backend(), NOT_A_NUMBER, batch);
    for (int k = 0; k < batch.size(); k++) {
      SinkhornCertificate.check(batch.get(k), results.get(k));
    }
    return results;
  }

  private static void checkCost(
      SinkhornProblem p, double expected, double violation, Outcome outcome) {
    TransportReport report = outcome.report().orElseThrow();
    double spread = spread(p.cost());
    new Tolerance(spread * (SINKHORN_MASS + 2 * (violation + report.violation())), SINKHORN_COST)
        .check(
            expected,
            report.transportCost(),
            "cost [%d,%d], %s".formatted(p.n(), p.m(), p.settings()));
  }

  private static double spread(float[] cost) {
    double[] wide = doubles(cost);
    return Arrays.stream(wide).max().orElseThrow() - Arrays.stream(wide).min().orElseThrow();
  }

  private void checkAgainstReference(List<SinkhornProblem> batch) {
    List<Outcome> results = certified(batch);
    for (int k = 0; k < batch.size(); k++) {
      SinkhornProblem problem = batch.get(k);
      SinkhornReference.Solution reference = problem.reference();
      double[] cost = doubles(problem.cost());
      double expected = TransportReference.cost(cost, reference.plan());
      checkCost(problem, expected, reference.violation(), results.get(k));
      if (reference.converged()) {
        checkPlan(reference.plan(), reference.violation(), results.get(k));
      }
    }
  }

  private static void checkPlan(double[] expected, double violation, Outcome outcome) {
    double largest = Arrays.stream(expected).max().orElseThrow();
    double moved = violation + outcome.report().orElseThrow().violation();
    new Tolerance(SINKHORN_ENTRY * largest + 2 * moved, 0)
        .check(expected, outcome.array(0), "plan");
  }

  private static List<SinkhornProblem> manySizes(SinkhornSettings settings) {
    int[] sizes = {1, 2, 3, 7, 15, 16, 17, 31, 32, 33, 64, 65, 100, 129};
    List<SinkhornProblem> batch = new ArrayList<>();
    for (int k = 0; k < sizes.length; k++) {
      int m = sizes[(k * 3 + 2) % sizes.length];
      batch.add(SinkhornProblem.weighted(sizes[k], m, 1, settings, 500 + k));
      batch.add(SinkhornProblem.euclidean(sizes[k], m, 1, settings, 520 + k));
    }
    return batch;
  }

  @Test
  default void sinkhornMatchesAnotherImplementation() {
    List<SinkhornProblem> batch = new ArrayList<>();
    List<Vectors.Sinkhorn> expected = new ArrayList<>();
    for (Vectors.Transport v : Vectors.transport()) {
      for (Vectors.Sinkhorn solution : v.sinkhorn()) {
        expected.add(solution);
        batch.add(new SinkhornProblem(v.cost(), v.a(), v.b(), tight(solution.epsilon())));
      }
    }
    List<Outcome> results = certified(batch);
    for (int k = 0; k < batch.size(); k++) {
      Vectors.Sinkhorn solution = expected.get(k);
      checkCost(batch.get(k), solution.transportCost(), solution.violation(), results.get(k));
      boolean converged = results.get(k).report().orElseThrow().converged();
      if (solution.plan().length > 0 && converged && solution.violation() < 1e-9) {
        checkPlan(solution.plan(), solution.violation(), results.get(k));
      }
    }
  }

  @Test
  default void sinkhornMatchesTheReferenceAtManySizes() {
    checkAgainstReference(manySizes(settings(0.05, 1e-5, 1000)));
  }

  @Test
  default void sinkhornMatchesTheReferenceFromSmallToLargeEpsilon() {
    List<SinkhornProblem> batch = new ArrayList<>();
    for (double epsilon : new double[] {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1}) {
      batch.add(SinkhornProblem.weighted(33, 40, 1, settings(epsilon, 1e-5, 1000), 1));
      batch.add(SinkhornProblem.euclidean(48, 48, 1, settings(epsilon, 1e-5, 1000), 2));
    }
    checkAgainstReference(batch);
  }

  @Test
  default void sinkhornMatchesTheReferenceWhenCostsAreScaled() {
    List<SinkhornProblem> batch = new ArrayList<>();
    for (double scale : new double[] {1e-3, 1, 1e3}) {
      batch.add(SinkhornProblem.weighted(31, 65, scale, settings(0.05, 1e-5, 1000), 3));
    }
    checkAgainstReference(batch);
  }

  @Test
  default void sinkhornMatchesTheReferenceForTheLargestAndSmallestCosts() {
    SinkhornSettings settings = settings(0.05, 1e-5, 1000);
    checkAgainstReference(
        List.of(
            SinkhornProblem.weighted(31, 65, 3e38, settings, 24),
            SinkhornProblem.weighted(31, 65, 1e-38, settings, 25)));
  }

  @Test
  default void sinkhornConvergesByDefaultOnLargerProblems() {
    List<SinkhornProblem> batch =
        List.of(
            SinkhornProblem.euclidean(512, 512, 1, SinkhornSettings.DEFAULTS.withEpsilon(0.05), 4),
            SinkhornProblem.weighted(300, 512, 1, SinkhornSettings.DEFAULTS.withEpsilon(0.1), 5),
            SinkhornProblem.euclidean(128, 127, 1, SinkhornSettings.DEFAULTS, 6));
    checkAgainstReference(batch);
    for (Outcome outcome : SinkhornProblem.solve(backend(), GARBAGE, batch)) {
      assertTrue(outcome.report().orElseThrow().converged());
    }
  }

  @Test
  default void sinkhornOfTwoThousandNeuronsIsCertified() {
    SinkhornProblem problem =
        SinkhornProblem.euclidean(2048, 2048, 1, settings(0.05, 1e-4, 500), 7);
    Outcome outcome = certified(List.of(problem)).get(0);
    assertTrue(outcome.report().orElseThrow().converged());
  }

  @Test
  default void sinkhornThatRunsOutOfIterationsSaysSo() {
    for (int limit : new int[] {1, 3}) {
      SinkhornProblem problem = SinkhornProblem.weighted(33, 31, 1, settings(0.01, 1e-6, limit), 8);
      Outcome outcome = certified(List.of(problem)).get(0);
      assertFalse(outcome.report().orElseThrow().converged());
    }
  }

  @Test
  default void sinkhornStopsSoonerWhenMoreViolationIsAllowed() {
    SinkhornProblem problem = SinkhornProblem.weighted(40, 50, 1, settings(0.02, 1e-2, 5000), 9);
    List<SinkhornProblem> batch = List.of(problem, problem.with(settings(0.02, 1e-5, 5000)));
    List<Outcome> results = certified(batch);
    assertTrue(results.get(0).report().orElseThrow().converged());
    assertTrue(results.get(1).report().orElseThrow().converged());
    assertTrue(
        results.get(0).report().orElseThrow().iterations()
            < results.get(1).report().orElseThrow().iterations());
  }

  @Test
  default void aWarmStartFromTheSolutionNeedsFewIterations() {
    for (double epsilon : new double[] {0.01, 0.05}) {
      SinkhornProblem cold =
          SinkhornProblem.euclidean(65, 64, 1, settings(epsilon, 1e-5, 5000), 10);
      Outcome solved = certified(List.of(cold)).get(0);
      assertTrue(solved.report().orElseThrow().converged());
      SinkhornSettings again =
          new SinkhornSettings(epsilon, 1e-4, 5000, Double.POSITIVE_INFINITY, true);
      SinkhornProblem warm =
          new SinkhornProblem(
              cold.cost(), cold.a(), cold.b(), again, List.of(solved.array(1), solved.array(2)));
      Outcome outcome = certified(List.of(warm)).get(0);
      assertTrue(outcome.report().orElseThrow().converged());
      Tolerance.atMost(10, outcome.report().orElseThrow().iterations(), "iterations");
      checkPlan(doubles(solved.array(0)), 1e-4, outcome);
    }
  }

  @Test
  default void aWarmStartFromAnywhereReachesTheSameSolution() {
    SinkhornProblem cold = SinkhornProblem.weighted(33, 17, 1, settings(0.1, 1e-5, 5000), 11);
    Samples samples = new Samples(12);
    List<float[]> start = List.of(samples.gaussian(33, 0.3, 0.5), samples.gaussian(17, -2, 0.5));
    SinkhornSettings warm = new SinkhornSettings(0.1, 1e-5, 5000, Double.POSITIVE_INFINITY, true);
    Outcome outcome =
        certified(List.of(new SinkhornProblem(cold.cost(), cold.a(), cold.b(), warm, start)))
            .get(0);
    assertTrue(outcome.report().orElseThrow().converged());
    checkPlan(cold.reference().plan(), 1e-5, outcome);
  }

  @Test
  default void constantAndZeroCostsGiveTheProductOfTheMarginals() {
    Samples samples = new Samples(13);
    for (double level : new double[] {0, 2.5}) {
      float[] a = samples.marginal(12);
      float[] b = samples.marginal(33);
      SinkhornProblem problem =
          new SinkhornProblem(Samples.constant(12 * 33, level), a, b, SinkhornSettings.DEFAULTS);
      Outcome outcome = SinkhornProblem.solve(backend(), NOT_A_NUMBER, List.of(problem)).get(0);
      double[] product = new double[12 * 33];
      for (int k = 0; k < product.length; k++) {
        product[k] = (double) a[k / 33] * b[k % 33];
      }
      new Tolerance(0, 2e-5).check(product, outcome.array(0), "plan of costs " + level);
      TransportReport report = outcome.report().orElseThrow();
      assertTrue(report.converged());
      new Tolerance(1e-12, 1e-6).check(level, report.transportCost(), "cost");
      new Tolerance(1e-5, 0).check(0, report.violation(), "violation");
      new Tolerance(1e-5 * level + 1e-8, 0).check(0, report.dualityGap(), "gap");
      for (int k = 1; k <= 2; k++) {
        for (float potential : outcome.array(k)) {
          assertTrue(Float.isFinite(potential), "potential " + potential);
        }
      }
    }
  }

  @Test
  default void aPlanOfOneRowOrOneColumnIsTheOtherMarginal() {
    List<SinkhornProblem> batch = new ArrayList<>();
    for (int size : new int[] {1, 5, 64, 300}) {
      batch.add(SinkhornProblem.weighted(1, size, 3, tight(0.01), 14));
      batch.add(SinkhornProblem.weighted(size, 1, 3, tight(0.01), 15));
    }
    List<Outcome> results = certified(batch);
    for (int k = 0; k < batch.size(); k++) {
      float[] marginal = k % 2 == 0 ? batch.get(k).b() : batch.get(k).a();
      new Tolerance(1e-9, 1e-5).check(doubles(marginal), results.get(k).array(0), "plan");
    }
  }

  @Test
  default void aPlantedPermutationIsFound() {
    int n = 65;
    int[] order = new Samples(16).permutation(n);
    float[] cost = new Samples(17).uniform(n * n, 1);
    for (int k = 0; k < cost.length; k++) {
      cost[k] = order[k % n] == k / n ? cost[k] * 0.01f : cost[k] + 5;
    }
    SinkhornProblem problem =
        new SinkhornProblem(cost, even(n), even(n), SinkhornSettings.DEFAULTS);
    float[] plan = certified(List.of(problem)).get(0).array(0);
    for (int j = 0; j < n; j++) {
      new Tolerance(1e-6, 0).check(1.0 / n, plan[order[j] * n + j], "planted entry " + j);
    }
  }

  @Test
  default void tinyMarginalsAreHeld() {
    float[] a = new Samples(18).marginal(33);
    float[] b = new Samples(19).marginal(40);
    a[7] = 1e-9f;
    b[0] = 1e-9f;
    b[39] = 1e-7f;
    float[] cost = new Samples(20).uniform(33 * 40, 2);
    checkAgainstReference(
        List.of(
            new SinkhornProblem(cost, scaledToOne(a), scaledToOne(b), settings(0.05, 1e-5, 2000))));
  }

  private static float[] scaledToOne(float[] weights) {
    double sum = Arrays.stream(doubles(weights)).sum();
    return Samples.floats(Arrays.stream(doubles(weights)).map(w -> w / sum).toArray());
  }

  @Test
  default void sinkhornDoesNotDependOnRunBatchThreadsOrMemory() {
    List<SinkhornProblem> batch = new ArrayList<>(manySizes(settings(0.05, 1e-4, 200)));
    batch.add(SinkhornProblem.weighted(40, 33, 1, settings(0.005, 1e-6, 50), 21));
    Samples samples = new Samples(22);
    batch.add(
        new SinkhornProblem(
            samples.uniform(31 * 7, 1),
            samples.marginal(31),
            samples.marginal(7),
            new SinkhornSettings(0.1, 1e-4, 100, Double.POSITIVE_INFINITY, true),
            List.of(samples.gaussian(31, 0, 0.2), samples.gaussian(7, 0, 0.2))));
    batch.add(SinkhornProblem.weighted(20, 30, 1, settings(0.05, 1e-5, 200).withTau(1), 23));
    Repeatability.check(this, SinkhornProblem::solve, batch);
  }

  @Test
  default void sinkhornOfManySmallProblemsDoesNotDependOnTheBatch() {
    List<SinkhornProblem> batch = new ArrayList<>();
    for (int k = 0; k < 64; k++) {
      int n = 1 + k * 7 % 37;
      int m = 1 + k * 11 % 41;
      batch.add(SinkhornProblem.weighted(n, m, 1, settings(0.1, 1e-4, 100), 600 + k));
    }
    Repeatability.check(this, SinkhornProblem::solve, batch);
  }
}
