package org.otfuse.cuda;

import java.util.List;
import org.bytedeco.javacpp.IntPointer;
import org.otfuse.SinkhornSettings;
import org.otfuse.cuda.abi.otc_launch;
import org.otfuse.cuda.abi.otc_report;
import org.otfuse.cuda.abi.otc_sinkhorn_task;

/** Entropic transport: a number of launches that depends neither on the batch nor on iterations. */
final class SinkhornBatch implements Work {
  /** One problem: addresses of the cost [n,m], marginals, plan [n,m] and potentials. */
  record Task(
      long cost,
      long a,
      long b,
      long plan,
      long f,
      long g,
      int n,
      int m,
      SinkhornSettings settings) {
    Task with(SinkhornSettings other) {
      return new Task(cost, a, b, plan, f, g, n, m, other);
    }
  }

  private final Engine engine;
  private final otc_launch launch = new otc_launch();
  private final long workspace;
  private final long tasks;
  private final long order;
  private final long reports;

  SinkhornBatch(Scratch scratch, List<Task> batch) {
    engine = scratch.engine();
    try (otc_sinkhorn_task structs = new otc_sinkhorn_task(batch.size());
        IntPointer sequence = new IntPointer(batch.size())) {
      for (int t = 0; t < batch.size(); t++) {
        describe(batch.get(t), structs.getPointer(t));
      }
      engine.check(
          engine.driver().prepareSinkhorn(structs, sequence, batch.size(), engine.limits(), launch),
          "otc_sinkhorn_prepare");
      workspace = scratch.temporary(launch.workspace());
      tasks = scratch.copy(structs, batch.size());
      order = scratch.copy(sequence, batch.size());
      try (otc_report size = new otc_report()) {
        reports = scratch.bytes((long) batch.size() * size.sizeof());
      }
    }
  }

  private static void describe(Task task, otc_sinkhorn_task struct) {
    struct
        .cost(Address.floats(task.cost))
        .a(Address.floats(task.a))
        .b(Address.floats(task.b))
        .plan(Address.floats(task.plan))
        .f(Address.floats(task.f))
        .g(Address.floats(task.g))
        .n(task.n)
        .m(task.m)
        .epsilon(task.settings.epsilon())
        .tolerance(task.settings.tolerance())
        .tau(task.settings.tau())
        .annealing(task.settings.annealing())
        .max_iterations(task.settings.maxIterations())
        .warm_start(task.settings.warmStart() ? 1 : 0);
  }

  /** Where the work writes one otc_report a task. */
  long reports() {
    return reports;
  }

  @Override
  public void enqueue() {
    engine.check(
        engine.driver().sinkhorn(tasks, order, reports, launch, workspace, engine.stream()),
        "otc_sinkhorn");
  }
}
