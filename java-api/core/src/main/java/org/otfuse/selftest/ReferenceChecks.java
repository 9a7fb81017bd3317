package org.otfuse.selftest;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.otfuse.FusionEngine;
import org.otfuse.FusionOptions;
import org.otfuse.MarginalKind;
import org.otfuse.Metric;
import org.otfuse.Model;
import org.otfuse.SinkhornSettings;
import org.otfuse.Solver;
import org.otfuse.TransportReport;
import org.otfuse.spi.Assignment;
import org.otfuse.spi.AverageTask;
import org.otfuse.spi.AxisMap;
import org.otfuse.spi.Backend;
import org.otfuse.spi.CostTask;
import org.otfuse.spi.ExactTask;
import org.otfuse.spi.FeatureTask;
import org.otfuse.spi.MapTask;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.NeuronMap;
import org.otfuse.spi.SinkhornTask;
import org.otfuse.spi.Span;

/** Checks of a back end beside the pure Java one, each on a ragged batch of random problems. */
final class ReferenceChecks {
  private static final long SEED = 7;
  private static final int[][] SIZES = {{1, 1}, {2, 5}, {33, 31}, {64, 64}, {65, 130}, {200, 100}};

  /** More than a block of a GPU holds, and wider than its warps take at once. */
  private static final int[][] LARGE = {{300, 300}, {3, 9000}};

  private static final int[] LENGTHS = {4, 1, 70, 500, 129, 1000};

  private final FusionEngine reference;

  /** Compares with an engine of the java back end. */
  ReferenceChecks(FusionEngine reference) {
    this.reference = reference;
  }

  List<SelfTestCheck> all() {
    List<SelfTestCheck> checks = new ArrayList<>();
    for (Metric metric : Metric.values()) {
      checks.add(check("pairwise cost, " + label(metric), (b, a) -> costs(b, a, metric), 1e-5));
    }
    SinkhornSettings settings =
        new SinkhornSettings(0.05, 1e-5, 2000, Double.POSITIVE_INFINITY, false);
    checks.add(check("Sinkhorn, balanced", (b, a) -> plans(b, a, settings), 1e-3));
    checks.add(
        check("Sinkhorn, annealed", (b, a) -> plans(b, a, settings.withAnnealing(0.7)), 1e-3));
    checks.add(check("Sinkhorn, unbalanced", (b, a) -> plans(b, a, settings.withTau(1)), 1e-3));
    checks.add(check("assignment, cost", ReferenceChecks::assignments, 1e-6));
    checks.add(check("linear transport, cost", ReferenceChecks::transports, 1e-6));
    checks.add(check("coupling to maps", ReferenceChecks::maps, 1e-5));
    checks.add(check("features", ReferenceChecks::features, 1e-6));
    checks.add(check("average, hard maps", (b, a) -> averages(b, a, false), 1e-6));
    checks.add(check("average, soft maps", (b, a) -> averages(b, a, true), 1e-5));
    for (Solver solver : List.of(Solver.EXACT, Solver.SINKHORN)) {
      FusionOptions options = FusionOptions.builder().solver(solver).build();
      checks.add(new SelfTestCheck("fusion, " + label(solver), e -> fusion(e, options), 1e-3));
      checks.add(
          new SelfTestCheck("prepared fusion, " + label(solver), e -> plan(e, options), 1e-3));
    }
    FusionOptions important =
        FusionOptions.builder().solver(Solver.SINKHORN).marginals(MarginalKind.L2).build();
    checks.add(
        new SelfTestCheck("prepared fusion, masses by weight", e -> plan(e, important), 1e-3));
    checks.add(new SelfTestCheck("the same bits again", this::repeated, 0));
    return checks;
  }

  private static String label(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  /** Compares all that an operation gives. */
  private SelfTestCheck check(
      String name, BiFunction<Backend, SelfTestArena, List<float[]>> operation, double tolerance) {
    return new SelfTestCheck(
        name, engine -> largest(run(reference, operation), run(engine, operation)), tolerance);
  }

  private static List<float[]> run(
      FusionEngine engine, BiFunction<Backend, SelfTestArena, List<float[]>> operation) {
    try (SelfTestArena arena = new SelfTestArena(engine.backend(), SEED)) {
      return operation.apply(engine.backend(), arena);
    }
  }

  private static double largest(List<float[]> expected, List<float[]> found) {
    double largest = expected.size() == found.size() ? 0 : Double.MAX_VALUE;
    for (int k = 0; k < Math.min(expected.size(), found.size()); k++) {
      largest = Math.max(largest, Differences.largest(expected.get(k), found.get(k)));
    }
    return largest;
  }

  private static List<float[]> costs(Backend backend, SelfTestArena arena, Metric metric) {
    List<CostTask> tasks = new ArrayList<>();
    for (int k = 0; k < SIZES.length; k++) {
      int n = SIZES[k][0];
      int m = SIZES[k][1];
      Matrix x = arena.gaussian(n, LENGTHS[k]);
      Matrix y = arena.gaussian(m, LENGTHS[k]);
      tasks.add(new CostTask(x, y, arena.room(n, m), metric));
    }
    backend.cost(tasks);
    return tasks.stream().map(task -> arena.read(task.cost())).toList();
  }

  private static List<float[]> plans(
      Backend backend, SelfTestArena arena, SinkhornSettings settings) {
    List<SinkhornTask> tasks = new ArrayList<>();
    for (int[] size : Stream.of(SIZES, LARGE).flatMap(Stream::of).toArray(int[][]::new)) {
      int n = size[0];
      int m = size[1];
      tasks.add(
          new SinkhornTask(
              arena.costs(n, m),
              arena.masses(n),
              arena.masses(m),
              arena.room(n, m),
              arena.room(1, n).span(),
              arena.room(1, m).span(),
              settings));
    }
    List<float[]> results = new ArrayList<>();
    for (TransportReport report : backend.sinkhorn(tasks)) {
      results.add(new float[] {(float) report.transportCost()});
      results.add(new float[] {report.converged() ? 1 : 0});
    }
    tasks.forEach(task -> results.add(arena.read(task.plan())));
    return results;
  }

  private static List<float[]> assignments(Backend backend, SelfTestArena arena) {
    List<Matrix> costs = new ArrayList<>();
    for (int[] size : SIZES) {
      costs.add(arena.costs(size[0], size[0]));
    }
    List<float[]> results = new ArrayList<>();
    for (Assignment assignment : backend.assign(costs)) {
      int[] rows = assignment.map().source();
      results.add(new float[] {(float) assignment.report().transportCost()});
      results.add(new float[] {Arrays.stream(rows).distinct().count()});
    }
    return results;
  }

  private static List<float[]> transports(Backend backend, SelfTestArena arena) {
    List<ExactTask> tasks = new ArrayList<>();
    for (int[] size : SIZES) {
      int n = size[0];
      int m = size[1];
      tasks.add(
          new ExactTask(arena.costs(n, m), arena.masses(n), arena.masses(m), arena.room(n, m)));
    }
    List<float[]> results = new ArrayList<>();
    for (TransportReport report : backend.transport(tasks)) {
      results.add(new float[] {(float) report.transportCost()});
    }
    for (ExactTask task : tasks) {
      results.add(rowSums(arena.read(task.plan()), task.plan().columns()));
    }
    return results;
  }

  /** What a plan must carry, whichever of several optimal ones it is. */
  private static float[] rowSums(float[] plan, int columns) {
    float[] sums = new float[plan.length / columns];
    for (int k = 0; k < plan.length; k++) {
      sums[k / columns] += plan[k];
    }
    return sums;
  }

  private static List<float[]> maps(Backend backend, SelfTestArena arena) {
    List<MapTask> tasks = new ArrayList<>();
    for (int[] size : SIZES) {
      Matrix plan = arena.costs(size[0], size[1]);
      tasks.add(new MapTask(plan, arena.room(size[0], size[1]), arena.room(size[0], size[1])));
    }
    backend.maps(tasks);
    return tasks.stream()
        .flatMap(task -> List.of(arena.read(task.p()), arena.read(task.q())).stream())
        .toList();
  }

  /** A tensor [n,m,3] whose second axis is moved. */
  private static List<float[]> features(Backend backend, SelfTestArena arena) {
    List<FeatureTask> tasks = new ArrayList<>();
    for (int[] size : SIZES) {
      int n = size[0];
      int m = size[1];
      List<AxisMap> axes = List.of(AxisMap.identity(n), hard(arena, m), AxisMap.identity(3));
      Span source = arena.gaussian(n, 3 * m).span();
      Optional<Span> scale = Optional.of(arena.masses(n));
      tasks.add(new FeatureTask(source, axes, 0, 0, scale, arena.room(n, 3 * m), 0));
    }
    backend.features(tasks);
    return tasks.stream().map(task -> arena.read(task.target())).toList();
  }

  private static AxisMap hard(SelfTestArena arena, int n) {
    return new AxisMap(
        List.of(new AxisMap.Segment(new NeuronMap.Hard(arena.permutation(n), n), 1)));
  }

  private static AxisMap soft(SelfTestArena arena, int n) {
    return new AxisMap(List.of(new AxisMap.Segment(new NeuronMap.Soft(arena.costs(n, n)), 1)));
  }

  /** Three models' tensors [n,m,4], two of them moved on two axes. */
  private static List<float[]> averages(Backend backend, SelfTestArena arena, boolean soft) {
    List<AverageTask> tasks = new ArrayList<>();
    for (int[] size : SIZES) {
      List<AverageTask.Source> sources = new ArrayList<>();
      for (float weight : new float[] {0.2f, 0.5f, 0.3f}) {
        List<AxisMap> axes = new ArrayList<>();
        for (int n : size) {
          axes.add(
              sources.isEmpty() ? AxisMap.identity(n) : soft ? soft(arena, n) : hard(arena, n));
        }
        axes.add(AxisMap.identity(4));
        Span values = arena.gaussian(size[0], 4 * size[1]).span();
        sources.add(new AverageTask.Source(values, weight, axes));
      }
      tasks.add(new AverageTask(arena.room(size[0], 4 * size[1]).span(), sources));
    }
    backend.average(tasks);
    return tasks.stream().map(task -> arena.read(task.target())).toList();
  }

  private static List<Model> models() {
    return List.of(
        RandomModels.model(1, 50, 40, 33, 10),
        RandomModels.model(2, 50, 40, 33, 10),
        RandomModels.model(3, 50, 40, 33, 10));
  }

  private static FusionOptions ofThree(FusionOptions options) {
    return options.toBuilder().weights(0.4, 0.3, 0.3).build();
  }

  private double fusion(FusionEngine engine, FusionOptions options) {
    FusionOptions three = ofThree(options);
    return Differences.largest(
        reference.fuse(models(), three).model(), engine.fuse(models(), three).model());
  }

  private double plan(FusionEngine engine, FusionOptions options) {
    return Differences.largest(
        PreparedFusion.run(reference, models(), ofThree(options)),
        PreparedFusion.run(engine, models(), ofThree(options)));
  }

  private double repeated(FusionEngine engine) {
    double largest = 0;
    for (Solver solver : List.of(Solver.EXACT, Solver.SINKHORN)) {
      FusionOptions options = ofThree(FusionOptions.builder().solver(solver).build());
      float[] first = PreparedFusion.run(engine, models(), options);
      largest =
          Math.max(
              largest, Differences.largest(first, PreparedFusion.run(engine, models(), options)));
    }
    return largest;
  }
}
