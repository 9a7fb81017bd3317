package org.otfuse.cuda;

import java.util.ArrayList;
import java.util.List;
import org.otfuse.SinkhornSettings;

/**
 * Column potentials that an exact solver can start from: a few Sinkhorn iterations on the device.
 */
final class CoarsePotentials implements Work {
  private static final SinkhornSettings COARSE =
      new SinkhornSettings(0.01, 1e-2, 50, Double.POSITIVE_INFINITY, false);

  /** One problem: addresses of the cost [n,m] and the marginals [n] and [m]. */
  record Task(long cost, long a, long b, int n, int m) {}

  private final List<Long> potentials = new ArrayList<>();
  private final SinkhornBatch sinkhorn;

  CoarsePotentials(Scratch scratch, List<Task> batch) {
    List<SinkhornBatch.Task> tasks = new ArrayList<>();
    for (Task task : batch) {
      long g = scratch.temporaryFloats(task.m);
      potentials.add(g);
      tasks.add(
          new SinkhornBatch.Task(
              task.cost,
              task.a,
              task.b,
              scratch.temporaryFloats((long) task.n * task.m),
              scratch.temporaryFloats(task.n),
              g,
              task.n,
              task.m,
              COARSE));
    }
    sinkhorn = new SinkhornBatch(scratch, tasks);
  }

  /** Where the potentials [m] of a task are written. */
  long potentials(int task) {
    return potentials.get(task);
  }

  @Override
  public void enqueue() {
    sinkhorn.enqueue();
  }
}
