package org.otfuse.cuda;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.otfuse.MarginalKind;
import org.otfuse.Solver;
import org.otfuse.cuda.ModelMaps.Group;
import org.otfuse.cuda.ModelMaps.Tensor;
import org.otfuse.numeric.SolverInput;
import org.otfuse.spi.FusionProgram;
import org.otfuse.spi.FusionProgram.Axis;
import org.otfuse.spi.FusionProgram.Block;
import org.otfuse.spi.FusionProgram.Step;

/**
 * The alignment of one model with the anchor, group by group (Singh and Jaggi 2020, algorithm 1),
 * cut into stages where the CPU has to solve an exact problem.
 */
final class Alignment {
  /** Work on the device, and what the CPU does when it is done: whether to go on. */
  record Stage(List<Work> work, Optional<BooleanSupplier> host) {}

  private final FusionProgram program;
  private final Scratch scratch;
  private final ExactSolvers exact;
  private final Pinned pinned;
  private final Magnitudes magnitudes;
  private final long model;
  private final long anchor;
  private final ModelMaps maps;
  private final List<Group> groups = new ArrayList<>();
  private final List<List<Tensor>> blocks = new ArrayList<>();
  private final List<Tensor> parts = new ArrayList<>();
  private final List<Stage> stages = new ArrayList<>();
  private List<Work> work = new ArrayList<>();
  private boolean warm;

  /**
   * Lays out the alignment.
   *
   * @param pinned what goes to the CPU and back, with as many floats as {@link #pinnedFloats} says;
   *     other alignments may use it before and after
   * @param magnitudes what looks through weights and features; has room for {@link #scans}
   * @param model address of the model's weights
   * @param anchor address of the anchor's
   */
  public Alignment(
      FusionProgram program,
      Scratch scratch,
      ExactSolvers exact,
      Pinned pinned,
      Magnitudes magnitudes,
      long model,
      long anchor) {
    this.pinned = pinned;
    this.magnitudes = magnitudes;
    this.program = program;
    this.scratch = scratch;
    this.exact = exact;
    this.model = model;
    this.anchor = anchor;
    maps = new ModelMaps(program, scratch);
    for (Step step : program.steps()) {
      blocks.add(
          step.blocks().stream()
              .map(b -> maps.tensor(model, b.weights(), b.outputAxis()))
              .toList());
      groups.add(maps.add(step.group()));
    }
    program.parts().forEach(part -> parts.add(maps.tensor(model, part, -1)));
    work.add(magnitudes.finite(List.of(ScanBatch.Task.finite(model, program.length()))));
    work.addAll(maps.indices(-1));
    for (int s = 0; s < groups.size(); s++) {
      step(s);
      scratch.recycle();
    }
  }

  /** How many values are looked through: the weights and, in each step, features and masses. */
  static int scans(FusionProgram program) {
    return 1 + 4 * program.steps().size();
  }

  /** How much pinned memory a program's exact problems need, one at a time. */
  static long pinnedFloats(FusionProgram program) {
    if (program.solver() != Solver.EXACT) {
      return 0;
    }
    long n =
        program.steps().stream()
            .mapToLong(step -> program.groupSizes().get(step.group()))
            .max()
            .orElse(0);
    long square = Math.multiplyExact(n, n);
    return ModelMaps.permutations(program)
        ? Math.addExact(square, 2 * n)
        : Math.addExact(Math.multiplyExact(2, square), 3 * n);
  }

  /** The stages but for the work that is left after the last. */
  List<Stage> stages() {
    return stages;
  }

  /** What is left to do on the device after the last stage. */
  List<Work> rest() {
    return work;
  }

  /** The model's tensors, as they go into the average. */
  List<Tensor> parts() {
    return parts;
  }

  /** Whether work that is enqueued from now on starts from the potentials of the last run. */
  void setWarm(boolean warm) {
    this.warm = warm;
  }

  private void step(int s) {
    Step step = program.steps().get(s);
    Group group = groups.get(s);
    int n = group.n();
    List<Tensor> still =
        step.blocks().stream().map(b -> ModelMaps.still(anchor, b.weights())).toList();
    StepFeatures.Collected collected = new StepFeatures.Collected();
    long x = new StepFeatures(step, n, model, blocks.get(s)).lay(scratch, collected);
    long y = new StepFeatures(step, n, anchor, still).lay(scratch, collected);
    work.addAll(collected.work(scratch));
    work.add(magnitudes.features(x, y, Math.multiplyExact((long) n, step.columns())));
    long cost = scratch.temporaryFloats((long) n * n);
    CostBatch.Task task = new CostBatch.Task(x, y, cost, n, n, step.columns(), program.metric());
    work.add(new CostBatch(scratch, List.of(task)));
    if (ModelMaps.permutations(program)) {
      assign(step, group, cost);
    } else {
      couple(step, group, cost);
    }
  }

  /** Ends a stage with something for the CPU to do, if what was looked through allows it. */
  private void thenOnHost(Runnable host) {
    int count = magnitudes.count();
    BooleanSupplier checked =
        () -> {
          boolean good = magnitudes.good(count);
          if (good) {
            host.run();
          }
          return good;
        };
    stages.add(new Stage(work, Optional.of(checked)));
    work = new ArrayList<>();
  }

  private void assign(Step step, Group group, long cost) {
    int n = group.n();
    long square = (long) n * n;
    long mass = scratch.uniform(n);
    CoarsePotentials coarse = coarse(cost, mass, mass, n);
    Pinned potentials = pinned.after(square);
    Pinned source = pinned.after(square + n);
    work.add(pinned.download(cost, square));
    work.add(potentials.download(coarse.potentials(0), n));
    thenOnHost(
        () -> {
          List<FloatBuffer> matrix = List.of(pinned.floats(square));
          List<FloatBuffer> start = List.of(potentials.floats(n));
          source.put(exact.assign(matrix, start).get(0).map().source());
        });
    work.add(source.upload(group.source(), n));
    work.addAll(maps.indices(step.group()));
  }

  /** Adds the work that finds potentials to start from. */
  private CoarsePotentials coarse(long cost, long a, long b, int n) {
    CoarsePotentials coarse =
        new CoarsePotentials(scratch, List.of(new CoarsePotentials.Task(cost, a, b, n, n)));
    work.add(coarse);
    return coarse;
  }

  private void couple(Step step, Group group, long cost) {
    int n = group.n();
    boolean uniform = program.marginals() == MarginalKind.UNIFORM;
    long a = uniform ? scratch.uniform(n) : scratch.temporaryFloats(n);
    long b = uniform ? a : scratch.temporaryFloats(n);
    if (!uniform) {
      work.add(
          new ImportanceBatch(
              scratch, List.of(importance(step, model, a, n), importance(step, anchor, b, n))));
      work.add(
          magnitudes.finite(
              List.of(
                  new ScanBatch.Task(a, n, SolverInput.SMALLEST_MASS),
                  new ScanBatch.Task(b, n, SolverInput.SMALLEST_MASS))));
    }
    long plan = scratch.temporaryFloats((long) n * n);
    if (program.solver() == Solver.EXACT) {
      transport(n, cost, a, b, plan);
    } else {
      sinkhorn(group, cost, a, b, plan);
    }
    work.add(new MapBatch(scratch, List.of(new MapBatch.Task(plan, group.p(), group.q(), n, n))));
  }

  private void sinkhorn(Group group, long cost, long a, long b, long plan) {
    SinkhornBatch.Task task =
        new SinkhornBatch.Task(
            cost,
            a,
            b,
            plan,
            group.f(),
            group.g(),
            group.n(),
            group.n(),
            program.sinkhorn().cold());
    Work cold = new SinkhornBatch(scratch, List.of(task));
    if (program.sinkhorn().warmStart()) {
      Work again = new SinkhornBatch(scratch, List.of(task.with(program.sinkhorn())));
      work.add(() -> (warm ? again : cold).enqueue());
    } else {
      work.add(cold);
    }
  }

  private void transport(int n, long cost, long a, long b, long plan) {
    long square = (long) n * n;
    CoarsePotentials coarse = coarse(cost, a, b, n);
    Pinned plans = pinned.after(square);
    Pinned rows = pinned.after(2 * square);
    Pinned columns = pinned.after(2 * square + n);
    Pinned potentials = pinned.after(2 * square + 2L * n);
    work.add(pinned.download(cost, square));
    work.add(rows.download(a, n));
    work.add(columns.download(b, n));
    work.add(potentials.download(coarse.potentials(0), n));
    thenOnHost(
        () ->
            exact.transport(
                List.of(
                    new ExactSolvers.Problem(
                        pinned.floats(square),
                        rows.floats(n),
                        columns.floats(n),
                        potentials.floats(n),
                        plans.floats(square)))));
    work.add(plans.upload(plan, square));
  }

  private ImportanceBatch.Task importance(Step step, long weights, long mass, int n) {
    List<ImportanceBatch.Producer> producers =
        step.producers().stream().map(block -> producer(block, weights)).toList();
    return new ImportanceBatch.Task(producers, mass, n, program.marginals());
  }

  private static ImportanceBatch.Producer producer(Block block, long weights) {
    List<Axis> axes = block.weights().axes();
    int at = block.outputAxis();
    long outer = 1;
    long inner = 1;
    for (int a = 0; a < axes.size(); a++) {
      int size = ModelMaps.size(axes.get(a));
      outer = Math.multiplyExact(outer, a < at ? size : 1);
      inner = Math.multiplyExact(inner, a > at ? size : 1);
    }
    return new ImportanceBatch.Producer(
        Address.after(weights, block.weights().offset()),
        outer,
        inner,
        ModelMaps.size(axes.get(at)),
        block.firstRow());
  }
}
