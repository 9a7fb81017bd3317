package org.otfuse.cuda;

import java.util.List;
import org.otfuse.cuda.abi.otc_index_task;
import org.otfuse.cuda.abi.otc_launch;

/** Hard maps on the device to gather indices of axes. */
final class IndexBatch implements Work {
  /** One run of an axis, see {@code otc_index_task}; {@code source} is 0 for the identity. */
  record Task(long source, long indices, int m, int block, int firstTarget, int firstSource) {}

  private final Engine engine;
  private final otc_launch launch = new otc_launch();
  private final long tasks;

  IndexBatch(Scratch scratch, List<Task> batch) {
    engine = scratch.engine();
    try (otc_index_task structs = new otc_index_task(batch.size())) {
      for (int t = 0; t < batch.size(); t++) {
        Task task = batch.get(t);
        structs
            .getPointer(t)
            .source(Address.ints(task.source))
            .indices(Address.ints(task.indices))
            .m(task.m)
            .block(task.block)
            .first_target(task.firstTarget)
            .first_source(task.firstSource);
      }
      engine.check(
          engine.driver().prepareIndices(structs, batch.size(), launch), "otc_indices_prepare");
      tasks = scratch.copy(structs, batch.size());
    }
  }

  @Override
  public void enqueue() {
    engine.check(engine.driver().indices(tasks, launch, engine.stream()), "otc_indices");
  }
}
