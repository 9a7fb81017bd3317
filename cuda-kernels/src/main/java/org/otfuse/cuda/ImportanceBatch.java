package org.otfuse.cuda;

import java.util.List;
import org.otfuse.MarginalKind;
import org.otfuse.cuda.abi.OtfuseCuda;
import org.otfuse.cuda.abi.otc_importance_task;
import org.otfuse.cuda.abi.otc_launch;
import org.otfuse.cuda.abi.otc_producer;

/** Marginals by the norms of weights. */
final class ImportanceBatch implements Work {
  /** One group of n neurons; the mass [n] is written. */
  record Task(List<Producer> producers, long mass, int n, MarginalKind kind) {}

  /** Weights seen as [outer,rows,inner]. */
  record Producer(long values, long outer, long inner, int rows, int firstRow) {}

  private final Engine engine;
  private final otc_launch launch = new otc_launch();
  private final long workspace;
  private final long tasks;

  ImportanceBatch(Scratch scratch, List<Task> batch) {
    engine = scratch.engine();
    int count = batch.stream().mapToInt(task -> task.producers.size()).sum();
    try (otc_importance_task structs = new otc_importance_task(batch.size());
        otc_producer producers = new otc_producer(count)) {
      batch.stream()
          .flatMap(task -> task.producers.stream())
          .forEach(new Describer(producers)::add);
      long first = scratch.copy(producers, count);
      for (int t = 0; t < batch.size(); t++) {
        Task task = batch.get(t);
        structs
            .getPointer(t)
            .producers(new otc_producer(new Address(first)))
            .mass(Address.floats(task.mass))
            .count(task.producers.size())
            .n(task.n)
            .norm(task.kind == MarginalKind.L1 ? OtfuseCuda.OTC_L1 : OtfuseCuda.OTC_L2);
        first += (long) task.producers.size() * producers.sizeof();
      }
      engine.check(
          engine.driver().prepareImportance(structs, batch.size(), launch),
          "otc_importance_prepare");
      workspace = scratch.temporary(launch.workspace());
      tasks = scratch.copy(structs, batch.size());
    }
  }

  /** Writes producers one after the other. */
  private static final class Describer {
    private final otc_producer structs;
    private int next;

    Describer(otc_producer structs) {
      this.structs = structs;
    }

    void add(Producer producer) {
      structs
          .getPointer(next++)
          .values(Address.floats(producer.values))
          .outer(producer.outer)
          .inner(producer.inner)
          .rows(producer.rows)
          .first_row(producer.firstRow);
    }
  }

  @Override
  public void enqueue() {
    engine.check(
        engine.driver().importance(tasks, launch, workspace, engine.stream()), "otc_importance");
  }
}
