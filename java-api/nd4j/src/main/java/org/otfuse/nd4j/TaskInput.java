package org.otfuse.nd4j;

import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.otfuse.numeric.SolverInput;
import org.otfuse.spi.ExactTask;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.SinkhornTask;
import org.otfuse.spi.Span;

/**
 * Checks whole batches, foreign and closed buffers included, before a solver writes anything, in
 * order, so that the first fault shows.
 */
final class TaskInput {
  /** Floats a view holds, whole rows. */
  private static final int VIEW = 1 << 26;

  private final Lease lease;

  TaskInput(Lease lease) {
    this.lease = lease;
  }

  void requireSinkhorn(List<SinkhornTask> tasks) {
    for (int k = 0; k < tasks.size(); k++) {
      SinkhornTask task = tasks.get(k);
      SolverInput input = SolverInput.ofProblem(k);
      requireProblem(input, task.cost(), task.a(), task.b());
      lease.write(task.plan());
      lease.write(task.f());
      lease.write(task.g());
      if (task.settings().warmStart()) {
        requirePotentials(input, "f", task.f());
        requirePotentials(input, "g", task.g());
      }
    }
  }

  void requireTransport(List<ExactTask> tasks) {
    for (int k = 0; k < tasks.size(); k++) {
      ExactTask task = tasks.get(k);
      requireProblem(SolverInput.ofProblem(k), task.cost(), task.a(), task.b());
      lease.write(task.plan());
    }
  }

  void requireCosts(List<Matrix> costs) {
    for (int k = 0; k < costs.size(); k++) {
      requireCosts(SolverInput.ofProblem(k), costs.get(k));
    }
  }

  void requirePotentials(List<Span> potentials) {
    for (int k = 0; k < potentials.size(); k++) {
      requirePotentials(SolverInput.ofProblem(k), "g", potentials.get(k));
    }
  }

  private void requireProblem(SolverInput input, Matrix cost, Span a, Span b) {
    requireCosts(input, cost);
    input.requireMasses("a", Lease.view(lease.read(a), 0, cost.rows()));
    input.requireMasses("b", Lease.view(lease.read(b), 0, cost.columns()));
  }

  private void requireCosts(SolverInput input, Matrix cost) {
    FloatPointer values = lease.read(cost);
    int m = cost.columns();
    int rows = Math.max(1, VIEW / Math.max(1, m));
    for (int first = 0; first < cost.rows(); first += rows) {
      int count = Math.min(rows, cost.rows() - first);
      input.requireCosts(Lease.view(values, (long) first * m, count * m), first, m);
    }
  }

  private void requirePotentials(SolverInput input, String side, Span potentials) {
    int length = Math.toIntExact(potentials.length());
    input.requirePotentials(side, Lease.view(lease.read(potentials), 0, length));
  }
}
