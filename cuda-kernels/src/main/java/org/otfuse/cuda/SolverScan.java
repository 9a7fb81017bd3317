package org.otfuse.cuda;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.otfuse.InvalidInputException;
import org.otfuse.numeric.SolverInput;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.Span;

/**
 * What solvers refuse, looked for on the device in one scan before anything is written. What it
 * finds is brought to the CPU, where the checks that all back ends share name it.
 */
final class SolverScan {
  /** The least that a Sinkhorn problem's largest cost may be, as 1 / epsilon has to be a float. */
  private static final float LEAST_COST = 1e-30f;

  private final Call call;
  private final List<ScanBatch.Task> tasks = new ArrayList<>();
  private final List<Refusal> refusals = new ArrayList<>();
  private final Map<Integer, Integer> sinkhornProblems = new HashMap<>(); // of tasks

  /** Throws what is wrong with the value at an index. */
  private interface Refusal {
    void at(long index);
  }

  SolverScan(Call call) {
    this.call = call;
  }

  /** Adds the costs of a problem. */
  SolverScan costs(int problem, Matrix cost) {
    int m = cost.columns();
    long address = call.at(cost);
    tasks.add(ScanBatch.Task.finite(address, cost.length()));
    refusals.add(
        index -> {
          int row = Math.toIntExact(index / m);
          FloatBuffer costs = download(Address.after(address, (long) row * m), m);
          SolverInput.ofProblem(problem).requireCosts(costs, row, m);
        });
    return this;
  }

  /** Adds the costs of a Sinkhorn problem, the largest of which has to fit its exponents too. */
  SolverScan sinkhornCosts(int problem, Matrix cost) {
    sinkhornProblems.put(tasks.size(), problem);
    return costs(problem, cost);
  }

  /** Adds the masses of a side, a or b, of a problem. */
  SolverScan masses(int problem, String side, Span masses) {
    long address = call.at(masses);
    tasks.add(new ScanBatch.Task(address, masses.length(), SolverInput.SMALLEST_MASS));
    refusals.add(
        index ->
            SolverInput.ofProblem(problem).requireMasses(side, download(address, masses.length())));
    return this;
  }

  /** Adds the potentials of a side, f or g, that a problem starts from. */
  SolverScan potentials(int problem, String side, Span potentials) {
    long address = call.at(potentials);
    tasks.add(ScanBatch.Task.finite(address, potentials.length()));
    refusals.add(
        index ->
            SolverInput.ofProblem(problem)
                .requirePotentials(side, download(address, potentials.length())));
    return this;
  }

  /**
   * Refuses the first value, in the order in which arrays were added, that no solver takes.
   *
   * @throws org.otfuse.InvalidInputException if there is one
   */
  void require() {
    if (tasks.isEmpty()) {
      return;
    }
    long reports = call.scratch().bytes(tasks.size() * ScanBatch.reportBytes());
    new ScanBatch(call.scratch(), tasks, reports).enqueue();
    List<ScanBatch.Found> found = ScanBatch.read(call.engine(), reports, tasks.size());
    for (int t = 0; t < found.size(); t++) {
      if (found.get(t).rest() > 0) {
        refusals.get(t).at(tasks.get(t).length() - found.get(t).rest());
        throw new IllegalStateException("values changed while they were looked through");
      }
      if (sinkhornProblems.containsKey(t)) {
        requireLargest(sinkhornProblems.get(t), found.get(t).largest());
      }
    }
  }

  private static void requireLargest(int problem, float largest) {
    if (largest > 0 && largest < LEAST_COST) {
      throw new InvalidInputException(
          "The largest cost of problem %d is %s, expected 0 or at least %s."
              .formatted(problem, largest, LEAST_COST));
    }
  }

  private FloatBuffer download(long address, long count) {
    FloatBuffer values = FloatBuffer.allocate(Math.toIntExact(count));
    call.engine().staging().download(address, values, call.engine().stream());
    return values;
  }
}
