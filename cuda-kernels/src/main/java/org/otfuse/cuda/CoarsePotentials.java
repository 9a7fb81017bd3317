package org.otfuse.cuda;

import java.util.ArrayList;
import java.util.List;
import org.otfuse.SinkhornSettings;

/** Column potentials that an assignment can start from: a few Sinkhorn iterations on the device. */
final class CoarsePotentials implements Work {
  private static final SinkhornSettings COARSE =
      new SinkhornSettings(0.01, 1e-2, 50, Double.POSITIVE_INFINITY, false);

  /** One square cost matrix [n,n]. */
  record Task(long cost, int n) {}

  private final List<Long> potentials = new ArrayList<>();
  private final SinkhornBatch sinkhorn;

  CoarsePotentials(Scratch scratch, List<Task> batch) {
    List<SinkhornBatch.Task> tasks = new ArrayList<>();
    for (Task task : batch) {
      int n = task.n;
      long mass = scratch.uniform(n);
      long g = scratch.temporaryFloats(n);
      potentials.add(g);
      tasks.add(
          new SinkhornBatch.Task(
              task.cost,
              mass,
              mass,
              scratch.temporaryFloats((long) n * n),
              scratch.temporaryFloats(n),
              g,
              n,
              n,
              COARSE));
    }
    sinkhorn = new SinkhornBatch(scratch, tasks);
  }

  /** Where the potentials [n] of a task are written. */
  long potentials(int task) {
    return potentials.get(task);
  }

  @Override
  public void enqueue() {
    sinkhorn.enqueue();
  }
}
