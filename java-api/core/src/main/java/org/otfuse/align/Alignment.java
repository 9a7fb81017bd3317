package org.otfuse.align;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.otfuse.Activations;
import org.otfuse.AlignmentOptions;
import org.otfuse.Coupling;
import org.otfuse.FusionListener;
import org.otfuse.GroupReport;
import org.otfuse.InvalidInputException;
import org.otfuse.MarginalKind;
import org.otfuse.NeuronGroup;
import org.otfuse.Solver;
import org.otfuse.TransportReport;
import org.otfuse.align.Couplings.Coupled;
import org.otfuse.align.Couplings.Problem;
import org.otfuse.check.Cancellation;
import org.otfuse.device.Arena;
import org.otfuse.device.DeviceModel;
import org.otfuse.device.Stopwatch;
import org.otfuse.device.Stopwatch.Stage;
import org.otfuse.events.GroupAlignmentEvent;
import org.otfuse.features.ActivationPair;
import org.otfuse.features.AlignmentOrder;
import org.otfuse.features.AlignmentOrder.Step;
import org.otfuse.features.FeatureUnit;
import org.otfuse.features.GroupFeatures;
import org.otfuse.features.GroupFeatures.Features;
import org.otfuse.features.GroupFeatures.Pair;
import org.otfuse.features.Importance;
import org.otfuse.features.ProducerOutputs;
import org.otfuse.maps.GroupMaps;
import org.otfuse.spi.Backend;
import org.otfuse.spi.CostTask;
import org.otfuse.spi.Matrix;

/**
 * Aligns one model with the anchor: one pair of maps a group. The arena that is passed in keeps
 * soft maps alive.
 *
 * <p>By weights (Singh and Jaggi 2020, algorithm 1), groups follow each other because the rows of a
 * layer can be compared only after its inputs have been mapped. By activations (same section) they
 * are independent and make one ragged batch. Coordinate descent may follow.
 */
public final class Alignment {
  private final Backend backend;
  private final AlignmentOptions options;
  private final int index;
  private final DeviceModel model;
  private final DeviceModel anchor;
  private final Couplings couplings;
  private final Stopwatch stopwatch;
  private final FusionListener listener;
  private final List<GroupMaps> maps = new ArrayList<>();
  private final List<GroupReport> reports = new ArrayList<>();
  private boolean measuring;
  private int sweeps;
  private double relativeCost;

  /** Prepares to align the model of the given index. */
  public Alignment(
      Backend backend,
      AlignmentOptions options,
      int index,
      DeviceModel model,
      DeviceModel anchor,
      Arena arena,
      Stopwatch stopwatch,
      FusionListener listener) {
    this.backend = backend;
    this.options = options;
    this.index = index;
    this.model = model;
    this.anchor = anchor;
    this.couplings = new Couplings(backend, options, arena);
    this.stopwatch = stopwatch;
    this.listener = listener;
    for (int g = 0; g < groups().size(); g++) {
      maps.add(GroupMaps.identity(model.architecture().groups().get(g).size()));
    }
  }

  /**
   * Measures {@link #relativeCost} too, for which the cost matrices have to come from the device.
   */
  public Alignment measuring() {
    measuring = true;
    return this;
  }

  /** The maps, one pair a group, once the model has been aligned. */
  public List<GroupMaps> maps() {
    return maps;
  }

  /** One report a group that may move, in the order of alignment. */
  public List<GroupReport> reports() {
    return reports;
  }

  /** Sweeps of coordinate descent that were made. */
  public int sweeps() {
    return sweeps;
  }

  /** Transport costs over mean costs, summed over groups. */
  public double relativeCost() {
    return relativeCost;
  }

  private List<NeuronGroup> groups() {
    return anchor.architecture().groups();
  }

  /** Aligns by the given activations, or by weights if there are none. */
  public void align(Optional<ActivationPair> activations) {
    if (options.marginals() == MarginalKind.ACTIVATION && activations.isEmpty()) {
      throw new InvalidInputException(
          "Marginals by activation were asked for without activations, expected calibration data.");
    }
    if (options.solver() != Solver.IDENTITY) {
      activations.ifPresentOrElse(
          this::byActivations, () -> byWeights(group -> true, Optional.empty()));
    }
    reportUnaligned();
    if (options.sweeps() > 0) {
      descend();
    }
  }

  private void byWeights(IntPredicate groups, Optional<ActivationPair> activations) {
    for (Step step : AlignmentOrder.of(anchor.architecture())) {
      if (!groups.test(step.group())) {
        continue;
      }
      try (Arena scratch = new Arena(backend)) {
        Start start = new Start();
        Features features =
            stopwatch.time(Stage.FEATURES, () -> features(scratch).ofWeights(step, maps));
        couple(List.of(step.group()), List.of(features), activations, scratch, start);
      }
    }
  }

  /** Groups that the samples do not show follow by weights. */
  private void byActivations(ActivationPair activations) {
    List<Integer> batch =
        IntStream.range(0, groups().size())
            .filter(g -> groups().get(g).pinned().isEmpty())
            .filter(g -> !GroupFeatures.observed(groups().get(g), g, activations).isEmpty())
            .boxed()
            .toList();
    try (Arena scratch = new Arena(backend)) {
      Start start = new Start();
      List<Features> features =
          stopwatch.time(
              Stage.FEATURES,
              () ->
                  batch.stream()
                      .map(g -> features(scratch).ofActivations(g, activations))
                      .toList());
      couple(batch, features, Optional.of(activations), scratch, start);
    }
    byWeights(g -> !batch.contains(g), Optional.of(activations));
  }

  private GroupFeatures features(Arena scratch) {
    Cancellation.check(listener);
    return new GroupFeatures(backend, options, model, anchor, scratch);
  }

  private void couple(
      List<Integer> batch,
      List<Features> features,
      Optional<ActivationPair> activations,
      Arena scratch,
      Start start) {
    List<CostTask> tasks = new ArrayList<>();
    List<Problem> problems = new ArrayList<>();
    for (int k = 0; k < batch.size(); k++) {
      List<Matrix> costs = new ArrayList<>();
      for (Pair pair : features.get(k).pairs()) {
        Matrix cost = scratch.matrix(pair.x().rows(), pair.y().rows());
        tasks.add(new CostTask(pair.x(), pair.y(), cost, options.metric()));
        costs.add(cost);
      }
      int g = batch.get(k);
      problems.add(
          new Problem(
              costs,
              marginal(model, g, activations.map(ActivationPair::model)),
              marginal(anchor, g, activations.map(ActivationPair::anchor)),
              features.get(k).unit()));
    }
    stopwatch.time(
        Stage.COST,
        () -> {
          backend.cost(tasks);
          for (int k = 0; k < problems.size(); k++) {
            keepFinite(problems.get(k), groups().get(batch.get(k)));
          }
        });
    List<Coupled> coupled = stopwatch.time(Stage.SOLVE, () -> couplings.solve(problems, scratch));
    double seconds = start.end();
    double total = tasks.stream().mapToDouble(t -> t.cost().length()).sum();
    for (int k = 0; k < batch.size(); k++) {
      int g = batch.get(k);
      double own = problems.get(k).costs().stream().mapToDouble(Matrix::length).sum();
      maps.set(g, coupled.get(k).maps());
      if (measuring) {
        double mean = problems.get(k).costs().stream().mapToDouble(this::sum).sum() / own;
        relativeCost += mean == 0 ? 0 : coupled.get(k).report().transportCost() / mean;
      }
      FeatureUnit unit = problems.get(k).unit();
      TransportReport transport = unit.original(coupled.get(k).report());
      GroupReport report = report(g, solverName(), transport, seconds * own / total);
      reports.add(report);
      start.record(report);
      List<Matrix> costs = problems.get(k).costs();
      Supplier<float[]> values = coupled.get(k).values();
      listener.coupled(
          report, () -> coupling(report, values.get(), unit.original(identityCost(costs))));
    }
  }

  /** When a batch began, for the reports and the events of its groups. */
  private static final class Start {
    private final GroupAlignmentEvent event = new GroupAlignmentEvent();
    private final long nanos = System.nanoTime();

    Start() {
      event.begin();
    }

    /** Ends the batch; gives the seconds since its beginning. */
    double end() {
      event.end();
      return (System.nanoTime() - nanos) / 1e9;
    }

    void record(GroupReport report) {
      if (event.shouldCommit()) {
        event.model = report.model();
        event.group = report.name();
        event.size = report.size();
        event.sourceSize = report.sourceSize();
        event.solver = report.solver();
        event.cost = report.transport().transportCost();
        event.iterations = report.transport().iterations();
        event.violation = report.transport().violation();
        event.converged = report.transport().converged();
        event.commit();
      }
    }
  }

  private void keepFinite(Problem problem, NeuronGroup group) {
    problem.costs().forEach(cost -> problem.unit().keepFinite(backend, cost, group.name()));
  }

  private static Coupling coupling(
      GroupReport report, float[] values, OptionalDouble identityCost) {
    return new Coupling(report.sourceSize(), report.size(), values, identityCost);
  }

  private OptionalDouble identityCost(List<Matrix> costs) {
    return costs.get(0).rows() == costs.get(0).columns()
        ? costs.stream().mapToDouble(this::diagonalMean).average()
        : OptionalDouble.empty();
  }

  private double diagonalMean(Matrix cost) {
    return diagonalMean(Arena.download(backend, cost), cost.rows());
  }

  /** The cost of leaving the neurons of a cost matrix [n,n] where they are. */
  static double diagonalMean(float[] costs, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += costs[i * n + i];
    }
    return sum / n;
  }

  private double sum(Matrix cost) {
    double sum = 0;
    for (float value : Arena.download(backend, cost)) {
      sum += value;
    }
    return sum;
  }

  private float[] marginal(DeviceModel of, int g, Optional<Activations> activations) {
    NeuronGroup group = of.architecture().groups().get(g);
    if (options.marginals() != MarginalKind.ACTIVATION) {
      return Importance.marginal(of.model(), group, options.marginals());
    }
    List<Integer> producers = IntStream.range(0, group.producers().size()).boxed().toList();
    ProducerOutputs outputs =
        new ProducerOutputs(of.model(), activations.orElseThrow(), g, producers);
    return Importance.marginal(producers.stream().map(outputs::of).toList(), group.size());
  }

  private String solverName() {
    return options.solver() == Solver.EXACT ? "exact" : "sinkhorn";
  }

  private GroupReport report(int g, String solver, TransportReport transport, double seconds) {
    NeuronGroup group = groups().get(g);
    int n = model.architecture().groups().get(g).size();
    return new GroupReport(index, group.name(), group.size(), n, solver, transport, seconds);
  }

  /** Groups that may move but that nothing coupled keep their order. */
  private void reportUnaligned() {
    for (int g = 0; g < groups().size(); g++) {
      NeuronGroup group = groups().get(g);
      if (group.pinned().isEmpty() && find(group).isEmpty()) {
        int n = model.architecture().groups().get(g).size();
        if (n != group.size()) {
          throw new InvalidInputException(
              "Neuron group %s has %d neurons in model %s and %d in the anchor, and %s to align them by."
                  .formatted(
                      group.name(),
                      n,
                      model.model().name(),
                      group.size(),
                      options.solver() == Solver.IDENTITY ? "no solver" : "no layer"));
        }
        reports.add(report(g, "identity", new TransportReport(0, 0, 0, 0, true), 0));
      }
    }
  }

  private Optional<GroupReport> find(NeuronGroup group) {
    return reports.stream().filter(r -> r.name().equals(group.name())).findFirst();
  }

  private void descend() {
    WeightMatching matching = new WeightMatching(backend, model, anchor, maps, stopwatch, listener);
    sweeps = matching.run(options.sweeps(), options.seed());
    matching.moves().forEach(this::reportMove);
  }

  private void reportMove(int g, WeightMatching.Move move) {
    GroupReport before = find(groups().get(g)).orElseThrow();
    GroupReport report = report(g, "descent", move.report(), before.seconds());
    reports.set(reports.indexOf(before), report);
    OptionalDouble identityCost = OptionalDouble.of(move.identityCost());
    listener.coupled(report, () -> coupling(report, Coupling.ofMap(move.source()), identityCost));
  }
}
