package org.otfuse.selftest;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleBiFunction;
import org.otfuse.FusionEngine;
import org.otfuse.FusionOptions;
import org.otfuse.FusionResult;
import org.otfuse.Metric;
import org.otfuse.Model;
import org.otfuse.SinkhornSettings;
import org.otfuse.Solver;
import org.otfuse.spi.Backend;
import org.otfuse.spi.CostTask;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.NeuronMap;
import org.otfuse.spi.SinkhornTask;
import org.otfuse.spi.Span;

/** Checks of any back end against numbers that are known without another back end. */
final class KnownNumberChecks {
  private static final long SEED = 1;
  private static final int SIZE = 70;

  private KnownNumberChecks() {}

  static List<SelfTestCheck> all() {
    return List.of(
        check("known: distances of points on two axes", KnownNumberChecks::distances, 1e-6),
        check("known: assignment of a planted permutation", KnownNumberChecks::planted, 0),
        check("known: Sinkhorn of equal costs", KnownNumberChecks::equalCosts, 1e-6),
        check("known: unbalanced Sinkhorn of one by one", KnownNumberChecks::oneByOne, 1e-5),
        new SelfTestCheck(
            "known: fusion with a permuted copy, exact", e -> copy(e, Solver.EXACT), 1e-6),
        new SelfTestCheck(
            "known: fusion with a permuted copy, Sinkhorn", e -> copy(e, Solver.SINKHORN), 1e-3));
  }

  private static SelfTestCheck check(
      String name, ToDoubleBiFunction<Backend, SelfTestArena> error, double tolerance) {
    return new SelfTestCheck(
        name,
        engine -> {
          try (SelfTestArena arena = new SelfTestArena(engine.backend(), SEED)) {
            return error.applyAsDouble(engine.backend(), arena);
          }
        },
        tolerance);
  }

  /** (i,0) and (0,j) are sqrt(i^2 + j^2) apart. */
  private static double distances(Backend backend, SelfTestArena arena) {
    float[] x = new float[2 * SIZE];
    float[] y = new float[2 * SIZE];
    for (int i = 0; i < SIZE; i++) {
      x[2 * i] = i;
      y[2 * i + 1] = i;
    }
    Matrix cost = arena.room(SIZE, SIZE);
    backend.cost(
        List.of(
            new CostTask(
                arena.matrix(SIZE, 2, x), arena.matrix(SIZE, 2, y), cost, Metric.EUCLIDEAN)));
    float[] found = arena.read(cost);
    double[] expected = new double[found.length];
    for (int k = 0; k < found.length; k++) {
      expected[k] = Math.hypot(k / SIZE, k % SIZE);
    }
    return Differences.largest(expected, found);
  }

  /** Costs of 0 on a permutation and at least 1 elsewhere. */
  private static double planted(Backend backend, SelfTestArena arena) {
    int[] order = arena.permutation(SIZE);
    float[] cost = new float[SIZE * SIZE];
    for (int k = 0; k < cost.length; k++) {
      cost[k] = order[k % SIZE] == k / SIZE ? 0 : 1 + arena.random().nextFloat();
    }
    int[] found = backend.assign(List.of(arena.matrix(SIZE, SIZE, cost))).get(0).map().source();
    int wrong = 0;
    for (int j = 0; j < SIZE; j++) {
      wrong += found[j] == order[j] ? 0 : 1;
    }
    return wrong;
  }

  private static float[] plan(
      Backend backend, SelfTestArena arena, Matrix cost, SinkhornSettings settings) {
    int n = cost.rows();
    int m = cost.columns();
    Matrix plan = arena.room(n, m);
    Span f = arena.room(1, n).span();
    Span g = arena.room(1, m).span();
    backend.sinkhorn(
        List.of(new SinkhornTask(cost, arena.even(n), arena.even(m), plan, f, g, settings)));
    return arena.read(plan);
  }

  /** Equal costs couple all with all. */
  private static double equalCosts(Backend backend, SelfTestArena arena) {
    float[] cost = new float[SIZE * (SIZE + 1)];
    double[] expected = new double[cost.length];
    Arrays.fill(cost, 2.5f);
    Arrays.fill(expected, 1.0 / cost.length);
    Matrix matrix = arena.matrix(SIZE, SIZE + 1, cost);
    return Differences.largest(expected, plan(backend, arena, matrix, SinkhornSettings.DEFAULTS));
  }

  /** The least of t c + eps t (log t - 1) + 2 tau KL(t|1) is at t = exp(-c / (eps + 2 tau)). */
  private static double oneByOne(Backend backend, SelfTestArena arena) {
    double epsilon = 0.1;
    double tau = 1;
    SinkhornSettings settings = new SinkhornSettings(epsilon, 1e-7, 10_000, tau, false);
    float[] found = plan(backend, arena, arena.matrix(1, 1, 1), settings);
    return Math.abs(found[0] - Math.exp(-1 / (epsilon + 2 * tau)));
  }

  /** A model fused with itself in another order is itself. */
  private static double copy(FusionEngine engine, Solver solver) {
    Model model = RandomModels.model(SEED, 64, 40, 24, 5);
    SelfTestArena arena = new SelfTestArena(engine.backend(), SEED);
    List<NeuronMap.Hard> orders =
        model.architecture().groups().stream()
            .map(g -> new NeuronMap.Hard(arena.permutation(g.size()), g.size()))
            .toList();
    FusionResult result =
        engine.fuse(
            List.of(model, engine.carry(model, orders)),
            FusionOptions.builder().solver(solver).build());
    return Differences.largest(model, result.model());
  }
}
