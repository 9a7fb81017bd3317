package org.otfuse.cuda;

import java.util.List;
import org.otfuse.cuda.abi.otc_launch;
import org.otfuse.cuda.abi.otc_map_task;

/** Couplings normalised to maps. */
final class MapBatch implements Work {
  /** One coupling: addresses of the plan, P and Q, [n,m] each. */
  record Task(long plan, long p, long q, int n, int m) {}

  private final Engine engine;
  private final otc_launch launch = new otc_launch();
  private final long workspace;
  private final long tasks;

  MapBatch(Scratch scratch, List<Task> batch) {
    engine = scratch.engine();
    try (otc_map_task structs = new otc_map_task(batch.size())) {
      for (int t = 0; t < batch.size(); t++) {
        Task task = batch.get(t);
        structs
            .getPointer(t)
            .plan(Address.floats(task.plan))
            .p(Address.floats(task.p))
            .q(Address.floats(task.q))
            .source(null)
            .hard(null)
            .n(task.n)
            .m(task.m);
      }
      engine.check(engine.driver().prepareMaps(structs, batch.size(), launch), "otc_maps_prepare");
      workspace = scratch.temporary(launch.workspace());
      tasks = scratch.copy(structs, batch.size());
    }
  }

  @Override
  public void enqueue() {
    engine.check(engine.driver().maps(tasks, launch, workspace, engine.stream()), "otc_maps");
  }
}
