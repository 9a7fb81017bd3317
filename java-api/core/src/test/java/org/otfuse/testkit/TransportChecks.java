package org.otfuse.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.otfuse.testkit.Samples.doubles;
import static org.otfuse.testkit.Samples.even;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.otfuse.TransportReport;
import org.otfuse.spi.Backend;
import org.otfuse.spi.ExactTask;

/** Exact linear transport. */
interface TransportChecks extends BackendChecks {
  /** Of the transport cost; the absolute part is relative to the largest cost. */
  Tolerance TRANSPORT_COST = new Tolerance(1e-9, 1e-6);

  /** L1 of both marginals. */
  double TRANSPORT_MARGINAL = 1e-6;

  /** One problem. */
  record TransportProblem(float[] cost, float[] a, float[] b) {
    int n() {
      return a.length;
    }

    int m() {
      return b.length;
    }
  }

  /** Solves a batch. */
  static List<Outcome> transport(Backend backend, float poison, List<TransportProblem> batch) {
    return transport(backend, poison, batch, List.of());
  }

  /** The same, from column potentials, one array a problem; without any from nothing. */
  static List<Outcome> transport(
      Backend backend, float poison, List<TransportProblem> batch, List<float[]> potentials) {
    try (Arena arena = new Arena(backend, poison)) {
      List<ExactTask> tasks = new ArrayList<>();
      for (TransportProblem p : batch) {
        tasks.add(
            new ExactTask(
                arena.input(p.cost, p.n(), p.m()),
                arena.input(p.a),
                arena.input(p.b),
                arena.output(p.n(), p.m())));
      }
      List<TransportReport> reports =
          potentials.isEmpty()
              ? backend.transport(tasks)
              : backend.transport(tasks, potentials.stream().map(arena::input).toList());
      arena.verify();
      assertEquals(batch.size(), reports.size());
      return IntStream.range(0, tasks.size())
          .mapToObj(
              k ->
                  new Outcome(
                      List.of(arena.read(tasks.get(k).plan())), Optional.of(reports.get(k))))
          .toList();
    }
  }

  private static void check(TransportProblem p, double expected, Outcome outcome) {
    int n = p.n();
    int m = p.m();
    String what = " of transport [%d,%d]".formatted(n, m);
    double[] plan = doubles(outcome.array(0));
    double[] cost = doubles(p.cost);
    int used = 0;
    double scale = 0;
    for (int k = 0; k < plan.length; k++) {
      assertTrue(plan[k] >= 0, "negative entry" + what);
      used += plan[k] > 0 ? 1 : 0;
      scale = Math.max(scale, Math.abs(cost[k]));
    }
    Tolerance.atMost(n + m - 1, used, "positive entries" + what);
    double rows = SinkhornReference.distance(SinkhornReference.rowSums(plan, n, m), doubles(p.a));
    double columns =
        SinkhornReference.distance(SinkhornReference.columnSums(plan, n, m), doubles(p.b));
    Tolerance.atMost(TRANSPORT_MARGINAL, rows, "error of rows" + what);
    Tolerance.atMost(TRANSPORT_MARGINAL, columns, "error of columns" + what);
    Tolerance tolerance =
        new Tolerance(TRANSPORT_COST.absolute() * scale, TRANSPORT_COST.relative());
    tolerance.check(expected, TransportReference.cost(cost, plan), "cost" + what);
    TransportReport report = outcome.report().orElseThrow();
    tolerance.check(expected, report.transportCost(), "reported cost" + what);
    assertTrue(report.converged());
    assertEquals(0, report.violation());
    assertTrue(Math.abs(report.dualityGap()) <= 1e-6 * scale, "gap " + report.dualityGap());
  }

  private void check(List<TransportProblem> batch) {
    check(batch, transport(backend(), NOT_A_NUMBER, batch));
  }

  private static void check(List<TransportProblem> batch, List<Outcome> results) {
    for (int k = 0; k < batch.size(); k++) {
      TransportProblem p = batch.get(k);
      double[] cost = doubles(p.cost);
      double[] plan = TransportReference.solve(cost, doubles(p.a), doubles(p.b));
      check(p, TransportReference.cost(cost, plan), results.get(k));
    }
  }

  private static TransportProblem weighted(int n, int m, double scale, long seed) {
    Samples samples = new Samples(seed);
    return new TransportProblem(
        samples.uniform(n * m, scale), samples.marginal(n), samples.marginal(m));
  }

  private static TransportProblem uniform(int n, int m, long seed) {
    return new TransportProblem(new Samples(seed).euclidean(n, m, 1), even(n), even(m));
  }

  private static List<TransportProblem> manySizes() {
    int[] sizes = {1, 2, 3, 7, 16, 17, 31, 33, 64};
    List<TransportProblem> batch = new ArrayList<>();
    for (int k = 0; k < sizes.length; k++) {
      int m = sizes[(k * 2 + 3) % sizes.length];
      batch.add(weighted(sizes[k], m, 1, 400 + k));
      batch.add(uniform(sizes[k], m, 420 + k));
    }
    return batch;
  }

  @Test
  default void transportMatchesAnotherImplementation() {
    for (Vectors.Transport v : Vectors.transport()) {
      TransportProblem problem = new TransportProblem(v.cost(), v.a(), v.b());
      Outcome outcome = transport(backend(), NOT_A_NUMBER, List.of(problem)).get(0);
      check(problem, v.exactCost(), outcome);
    }
  }

  @Test
  default void transportIsOptimalAtManySizes() {
    check(manySizes());
  }

  @Test
  default void transportIsOptimalFromAnyColumnPotentials() {
    List<TransportProblem> batch = manySizes();
    for (double spread : new double[] {0, 1, 100}) {
      List<float[]> potentials = new ArrayList<>();
      for (TransportProblem p : batch) {
        potentials.add(new Samples(12).gaussian(p.m(), 0, spread));
      }
      check(batch, transport(backend(), NOT_A_NUMBER, batch, potentials));
    }
  }

  @Test
  default void transportBetweenLargerUnequalSizesIsOptimal() {
    check(List.of(weighted(128, 96, 1, 1), uniform(96, 128, 2), uniform(128, 64, 3)));
  }

  @Test
  default void transportOfScaledCostsIsOptimal() {
    check(List.of(weighted(30, 20, 1e-3, 4), weighted(20, 30, 1e3, 5)));
  }

  @Test
  default void transportOfTheLargestAndSmallestCostsIsOptimal() {
    TransportProblem mixed = weighted(31, 18, 1, 14);
    for (int k = 0; k < mixed.cost.length; k++) {
      mixed.cost[k] *= k % 3 == 0 ? 3e38f : 1e-38f;
    }
    check(List.of(weighted(30, 20, 3e38, 12), weighted(20, 30, 1e-38, 13), mixed));
  }

  @Test
  default void transportOfDegenerateProblemsIsOptimal() {
    float[] cost = new Samples(6).uniform(40 * 40, 4);
    for (int k = 0; k < cost.length; k++) {
      cost[k] = (float) Math.floor(cost[k]);
    }
    check(
        List.of(
            new TransportProblem(cost, even(40), even(40)),
            new TransportProblem(new float[12 * 9], even(12), even(9)),
            new TransportProblem(Samples.constant(16 * 8, 2.5), even(16), even(8)),
            new TransportProblem(new Samples(7).uniform(25, 1), even(1), even(25)),
            new TransportProblem(new Samples(8).uniform(25, 1), even(25), even(1))));
  }

  @Test
  default void transportOfTinyMarginalsIsOptimal() {
    float[] a = {1e-9f, 0.5f, 0.25f, 0.25f};
    float[] b = {0.125f, 0.375f, 0.5f - 1e-7f, 1e-7f, 1e-9f};
    check(List.of(new TransportProblem(new Samples(9).uniform(20, 1), a, b)));
  }

  @Test
  default void transportDoesNotDependOnRunBatchThreadsOrMemory() {
    Repeatability.check(this, TransportChecks::transport, manySizes());
  }
}
