package org.otfuse.align;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.otfuse.AlignmentOptions;
import org.otfuse.Coupling;
import org.otfuse.InputMap;
import org.otfuse.MarginalKind;
import org.otfuse.SinkhornSettings;
import org.otfuse.Solver;
import org.otfuse.TransportReport;
import org.otfuse.device.Arena;
import org.otfuse.features.FeatureUnit;
import org.otfuse.maps.GroupMaps;
import org.otfuse.spi.Assignment;
import org.otfuse.spi.AverageTask;
import org.otfuse.spi.AxisMap;
import org.otfuse.spi.Backend;
import org.otfuse.spi.ExactTask;
import org.otfuse.spi.MapTask;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.NeuronMap;
import org.otfuse.spi.SinkhornTask;
import org.otfuse.spi.Span;

/**
 * Couples a batch of groups with the anchor's: cost matrices in, maps out. Equal sizes with uniform
 * marginals are an assignment when the solver is exact; everything else becomes a plan that is
 * normalised to P and Q. A group with several costs gets the average of their couplings.
 */
final class Couplings {
  /**
   * One group to couple.
   *
   * @param costs one or more, [n,m]
   * @param a marginal of the model's neurons [n]
   * @param b marginal of the anchor's neurons [m]
   * @param unit of the features that the costs compare
   */
  record Problem(List<Matrix> costs, float[] a, float[] b, FeatureUnit unit) {
    int n() {
      return a.length;
    }

    int m() {
      return b.length;
    }
  }

  /**
   * A coupled group.
   *
   * @param maps of its neurons
   * @param report what the solver said
   * @param values brings the coupling [n,m] while the scratch memory of the call lives
   */
  record Coupled(GroupMaps maps, TransportReport report, Supplier<float[]> values) {}

  private final Backend backend;
  private final AlignmentOptions options;
  private final Arena arena;

  /** The arena keeps soft maps alive. */
  Couplings(Backend backend, AlignmentOptions options, Arena arena) {
    this.backend = backend;
    this.options = options;
    this.arena = arena;
  }

  /** Couples the groups; the scratch memory keeps their plans. */
  List<Coupled> solve(List<Problem> problems, Arena scratch) {
    List<Problem> assignments = problems.stream().filter(this::isAssignment).toList();
    List<Problem> transports = problems.stream().filter(p -> !isAssignment(p)).toList();
    List<Coupled> hard = assign(assignments, scratch);
    List<Coupled> soft = transport(transports, scratch);
    List<Coupled> coupled = new ArrayList<>();
    int h = 0;
    int s = 0;
    for (Problem problem : problems) {
      coupled.add(isAssignment(problem) ? hard.get(h++) : soft.get(s++));
    }
    return coupled;
  }

  private boolean isAssignment(Problem problem) {
    return options.solver() == Solver.EXACT
        && problem.n() == problem.m()
        && options.marginals() == MarginalKind.UNIFORM;
  }

  private List<Coupled> assign(List<Problem> problems, Arena scratch) {
    List<Assignment> assignments =
        backend.assign(problems.stream().flatMap(p -> p.costs.stream()).toList());
    List<Coupled> coupled = new ArrayList<>();
    int first = 0;
    for (Problem problem : problems) {
      int next = first + problem.costs.size();
      coupled.add(hard(assignments.subList(first, next), scratch));
      first = next;
    }
    return coupled;
  }

  /** Hard where all assignments agree; otherwise the average of their plans, normalised. */
  private Coupled hard(List<Assignment> assignments, Arena scratch) {
    NeuronMap.Hard map = assignments.get(0).map();
    TransportReport report = combined(assignments.stream().map(Assignment::report).toList());
    if (assignments.stream().allMatch(a -> Arrays.equals(a.map().source(), map.source()))) {
      return new Coupled(GroupMaps.hard(map), report, () -> Coupling.ofMap(map.source()));
    }
    List<Matrix> plans = assignments.stream().map(a -> plan(a.map(), scratch)).toList();
    Matrix average = average(plans, scratch);
    return new Coupled(normalised(List.of(average)).get(0), report, values(average));
  }

  private static Matrix plan(NeuronMap.Hard map, Arena scratch) {
    int n = map.sourceSize();
    return Matrix.of(scratch.upload(Coupling.ofMap(map.source())).buffer(), n, n);
  }

  private Supplier<float[]> values(Matrix plan) {
    return () -> Arena.download(backend, plan);
  }

  private List<Coupled> transport(List<Problem> problems, Arena scratch) {
    List<List<Matrix>> plans = new ArrayList<>();
    for (Problem problem : problems) {
      plans.add(problem.costs.stream().map(c -> scratch.matrix(c.rows(), c.columns())).toList());
    }
    List<TransportReport> reports =
        options.solver() == Solver.EXACT
            ? backend.transport(exactTasks(problems, plans, scratch))
            : backend.sinkhorn(sinkhornTasks(problems, plans, scratch));
    List<Matrix> averages = plans.stream().map(each -> average(each, scratch)).toList();
    List<GroupMaps> maps = normalised(averages);
    List<Coupled> coupled = new ArrayList<>();
    int first = 0;
    for (int k = 0; k < problems.size(); k++) {
      int next = first + problems.get(k).costs.size();
      TransportReport report = combined(reports.subList(first, next));
      coupled.add(new Coupled(maps.get(k), report, values(averages.get(k))));
      first = next;
    }
    return coupled;
  }

  private Matrix average(List<Matrix> plans, Arena scratch) {
    Matrix first = plans.get(0);
    if (plans.size() == 1) {
      return first;
    }
    List<AxisMap> axes = List.of(AxisMap.identity(first.rows()), AxisMap.identity(first.columns()));
    float weight = 1f / plans.size();
    Matrix target = scratch.matrix(first.rows(), first.columns());
    backend.average(
        List.of(
            new AverageTask(
                target.span(),
                plans.stream()
                    .map(plan -> new AverageTask.Source(plan.span(), weight, axes))
                    .toList())));
    return target;
  }

  private List<GroupMaps> normalised(List<Matrix> plans) {
    List<MapTask> tasks = new ArrayList<>();
    for (Matrix plan : plans) {
      Matrix p = arena.matrix(plan.rows(), plan.columns());
      Matrix q = arena.matrix(plan.rows(), plan.columns());
      tasks.add(new MapTask(plan, p, q));
    }
    backend.maps(tasks);
    return tasks.stream().map(this::soft).toList();
  }

  private GroupMaps soft(MapTask task) {
    NeuronMap p = new NeuronMap.Soft(task.p());
    NeuronMap q = new NeuronMap.Soft(task.q());
    return new GroupMaps(p, options.inputMap() == InputMap.COLUMN ? p : q);
  }

  private static TransportReport combined(List<TransportReport> reports) {
    if (reports.size() == 1) {
      return reports.get(0);
    }
    return new TransportReport(
        reports.stream().mapToDouble(TransportReport::transportCost).average().orElseThrow(),
        reports.stream().mapToInt(TransportReport::iterations).sum(),
        reports.stream().mapToDouble(TransportReport::violation).max().orElseThrow(),
        reports.stream().mapToDouble(TransportReport::dualityGap).average().orElseThrow(),
        reports.stream().allMatch(TransportReport::converged));
  }

  private static List<ExactTask> exactTasks(
      List<Problem> problems, List<List<Matrix>> plans, Arena scratch) {
    List<ExactTask> tasks = new ArrayList<>();
    for (int k = 0; k < problems.size(); k++) {
      Problem problem = problems.get(k);
      for (int c = 0; c < problem.costs.size(); c++) {
        Span a = scratch.upload(problem.a);
        Span b = scratch.upload(problem.b);
        tasks.add(new ExactTask(problem.costs.get(c), a, b, plans.get(k).get(c)));
      }
    }
    return tasks;
  }

  private List<SinkhornTask> sinkhornTasks(
      List<Problem> problems, List<List<Matrix>> plans, Arena scratch) {
    List<SinkhornTask> tasks = new ArrayList<>();
    for (int k = 0; k < problems.size(); k++) {
      Problem problem = problems.get(k);
      for (int c = 0; c < problem.costs.size(); c++) {
        Span a = scratch.upload(problem.a);
        Span b = scratch.upload(problem.b);
        Span f = scratch.allocate(problem.n());
        Span g = scratch.allocate(problem.m());
        Matrix plan = plans.get(k).get(c);
        SinkhornSettings settings = problem.unit.measured(options.sinkhorn().cold());
        tasks.add(new SinkhornTask(problem.costs.get(c), a, b, plan, f, g, settings));
      }
    }
    return tasks;
  }
}
