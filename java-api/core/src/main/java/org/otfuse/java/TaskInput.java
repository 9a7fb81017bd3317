package org.otfuse.java;

import java.util.List;
import org.otfuse.java.HeapBuffer.Floats;
import org.otfuse.numeric.SolverInput;
import org.otfuse.spi.ExactTask;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.SinkhornTask;
import org.otfuse.spi.Span;

/**
 * Checks whole batches before a solver writes anything, in order, so that the first fault shows.
 */
final class TaskInput {
  private TaskInput() {}

  static void requireSinkhorn(List<SinkhornTask> tasks) {
    for (int k = 0; k < tasks.size(); k++) {
      SinkhornTask task = tasks.get(k);
      SolverInput input = SolverInput.ofProblem(k);
      requireProblem(input, task.cost(), task.a(), task.b());
      Floats.of(task.plan());
      Floats f = Floats.of(task.f());
      Floats g = Floats.of(task.g());
      if (task.settings().warmStart()) {
        input.requirePotentials("f", f.view());
        input.requirePotentials("g", g.view());
      }
    }
  }

  static void requireTransport(List<ExactTask> tasks) {
    for (int k = 0; k < tasks.size(); k++) {
      ExactTask task = tasks.get(k);
      requireProblem(SolverInput.ofProblem(k), task.cost(), task.a(), task.b());
      Floats.of(task.plan());
    }
  }

  static void requireCosts(List<Matrix> costs) {
    for (int k = 0; k < costs.size(); k++) {
      if (costs.get(k).rows() != costs.get(k).columns()) {
        throw new IllegalArgumentException(
            "cost [%d,%d] of problem %d is not square"
                .formatted(costs.get(k).rows(), costs.get(k).columns(), k));
      }
      requireCosts(SolverInput.ofProblem(k), costs.get(k));
    }
  }

  static void requirePotentials(String side, List<Span> potentials) {
    for (int k = 0; k < potentials.size(); k++) {
      SolverInput.ofProblem(k).requirePotentials(side, Floats.of(potentials.get(k)).view());
    }
  }

  private static void requireProblem(SolverInput input, Matrix cost, Span a, Span b) {
    requireCosts(input, cost);
    input.requireMasses("a", Floats.of(a).view());
    input.requireMasses("b", Floats.of(b).view());
  }

  private static void requireCosts(SolverInput input, Matrix cost) {
    input.requireCosts(Floats.of(cost).view(), cost.columns());
  }
}
