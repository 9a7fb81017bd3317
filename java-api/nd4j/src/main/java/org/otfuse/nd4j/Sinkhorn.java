package org.otfuse.nd4j;

import java.util.Arrays;
import org.bytedeco.javacpp.FloatPointer;
import org.otfuse.TransportReport;
import org.otfuse.spi.SinkhornTask;

/**
 * Entropic transport (Peyre and Cuturi 2019, section 4.4, stabilised scaling; unbalanced: Chizat et
 * al. 2018, exponent tau / (tau + eps)).
 *
 * <p>An iteration is the update of f and then of g in the log domain. It is carried out as u = a /
 * Kv, v = b / K'u on an {@link AbsorbedKernel}; the column factors are absorbed when they leave
 * 1e-6 to 1e6, which in the first iterations at small epsilon is every time. A column sum too small
 * to be exact in float32 is computed again as a log-sum-exp in double precision. The violation is
 * checked in every iteration, as the next one's first product has it anyway.
 *
 * <p>What limits it is reading K from the cache. On a busy two-core AMD EPYC an iteration takes 33
 * microseconds at n = m = 512, 144 at 1024 and 725 at 2048, where two plain sgemv take 20, 102 and
 * 503; the rest is a division for each row and column and, from 1024 on, handing blocks to threads.
 * Small problems need no other way: one of 16 by 16 with 20 iterations takes 53 microseconds.
 * Outside the iterations a problem pays about 25 nanoseconds an entry, for absorbing twice,
 * rounding and the logarithms of the duality gap.
 */
final class Sinkhorn {
  private static final double RANGE = 1e6;
  private static final double TINY = 1e-16;

  private final SinkhornTask task;
  private final Lease lease;
  private final Workers workers;
  private final int n;
  private final int m;
  private final double[] a;
  private final double[] b;
  private final FloatPointer cost;
  private final FloatPointer rowPotentials;
  private final FloatPointer columnPotentials;
  private final double meanCost;
  private final AbsorbedKernel kernel;

  /** Epsilon of the current iteration in units of cost, and tau / (tau + eps), 1 when balanced. */
  private double eps;

  private double exponent;

  /** The potentials; in balanced problems of the last {@link #updatePotentials}. */
  private final double[] f;

  private final double[] g;

  /** exp((f - absorbed f) / eps), the plan's row factors. */
  private double[] rowFactors;

  /** The same for g; the kernel works with its float32 copy. */
  private final double[] columnFactors;

  private final double[] columnSums;

  /** a / Kv of the pass that runs: the next row factors of a balanced problem. */
  private double[] ratios;

  /** What a pass finds out about each row: its violation, or the change of its potential. */
  private final double[] rowErrors;

  /**
   * Logarithm that is left out of the row factors of an unbalanced problem, so that none is big.
   */
  private double shift;

  private Sinkhorn(SinkhornTask task, double meanCost, Lease lease, Workers workers) {
    this.task = task;
    this.lease = lease;
    this.workers = workers;
    n = task.cost().rows();
    m = task.cost().columns();
    a = lease.readDoubles(task.a());
    b = lease.readDoubles(task.b());
    cost = lease.read(task.cost());
    this.meanCost = meanCost;
    boolean warm = task.settings().warmStart();
    f = warm ? lease.readDoubles(task.f()) : new double[n];
    g = warm ? lease.readDoubles(task.g()) : new double[m];
    rowFactors = new double[n];
    columnFactors = new double[m];
    columnSums = new double[m];
    ratios = new double[n];
    rowErrors = new double[n];
    rowPotentials = lease.write(task.f());
    columnPotentials = lease.write(task.g());
    FloatPointer plan = lease.write(task.plan());
    kernel = new AbsorbedKernel(n, m, cost, plan, lease.array(task.plan()), lease, workers);
  }

  /** Solves one problem and writes its plan and potentials. */
  static TransportReport solve(SinkhornTask task, Lease lease, Workers workers) {
    double mean = mean(task, lease, workers);
    if (!(mean > 0)) {
      return PlanWriter.product(task, lease);
    }
    return new Sinkhorn(task, mean, lease, workers).solve();
  }

  private static double mean(SinkhornTask task, Lease lease, Workers workers) {
    int n = task.cost().rows();
    int m = task.cost().columns();
    Rows cost = new Rows(lease.read(task.cost()), n, m);
    double[] sums = new double[n];
    workers.ranges(
        n,
        Math.max(1, (1 << 16) / m),
        (from, to) -> {
          float[] row = new float[m];
          for (int i = from; i < to; i++) {
            cost.get(i, row);
            double sum = 0;
            for (float value : row) {
              sum += value;
            }
            sums[i] = sum;
          }
        });
    return sum(sums) / ((double) n * m);
  }

  private TransportReport solve() {
    boolean balanced = task.settings().balanced();
    double tolerance = task.settings().tolerance();
    int iterations = 0;
    double violation = Double.POSITIVE_INFINITY;
    boolean converged = false;
    setEpsilon(1);
    absorb();
    boolean settled = false; // the latest iteration had the final epsilon
    while (!converged && iterations < task.settings().maxIterations()) {
      anneal(iterations + 1);
      kernel.pass(balanced ? this::balancedRows : this::unbalancedRows, columnSums);
      if (balanced && settled) {
        violation = sum(rowErrors);
        if (violation <= tolerance) {
          converged = true;
          break;
        }
      }
      iterations++;
      settled = task.settings().epsilonAt(iterations) == task.settings().epsilon();
      if (balanced) {
        balancedColumns();
      } else {
        double change = Arrays.stream(rowErrors).max().getAsDouble();
        converged = Math.max(change, unbalancedColumns()) <= tolerance * eps && settled;
      }
    }
    return report(iterations, converged, violation);
  }

  private void setEpsilon(int iteration) {
    eps = task.settings().epsilonAt(iteration) * meanCost;
    double tau = task.settings().tau();
    exponent = task.settings().balanced() ? 1 : tau / (tau + eps);
    kernel.setEpsilon(eps);
  }

  /** Takes the potentials to an iteration's epsilon. */
  private void anneal(int iteration) {
    if (task.settings().epsilonAt(iteration) * meanCost != eps) {
      updatePotentials();
      setEpsilon(iteration);
      absorb();
    }
  }

  private TransportReport report(int iterations, boolean converged, double violation) {
    updatePotentials();
    write(f, rowPotentials);
    write(g, columnPotentials);
    PlanWriter plan =
        new PlanWriter(task, eps, cost, a, b, f, g, rowFactors, columnFactors, lease, workers);
    if (!task.settings().balanced()) {
      return plan.unbalanced(iterations, converged);
    }
    TransportReport written = plan.balanced(iterations);
    boolean done = converged || written.violation() <= task.settings().tolerance();
    return new TransportReport(
        written.transportCost(),
        iterations,
        converged ? violation : written.violation(),
        written.dualityGap(),
        done);
  }

  private void balancedRows(int first, int rows, float[] values) {
    for (int k = 0; k < rows; k++) {
      int i = first + k;
      rowErrors[i] = Math.abs(rowFactors[i] * values[k] - a[i]);
      ratios[i] = a[i] / values[k];
      values[k] = (float) ratios[i];
    }
  }

  private void unbalancedRows(int first, int rows, float[] values) {
    for (int k = 0; k < rows; k++) {
      int i = first + k;
      double potential = exponent * (kernel.f[i] + eps * Math.log(a[i] / values[k]));
      rowErrors[i] = Math.abs(potential - f[i]);
      f[i] = potential;
      values[k] = (float) Math.exp((potential - kernel.f[i]) / eps - shift);
    }
  }

  private void balancedColumns() {
    double[] spare = rowFactors;
    rowFactors = ratios;
    ratios = spare;
    boolean exact = true;
    for (int j = 0; j < m; j++) {
      exact &= columnSums[j] >= TINY;
      columnFactors[j] = b[j] / columnSums[j];
    }
    if (exact && inRange()) {
      kernel.setColumnFactors(columnFactors);
    } else {
      updatePotentials();
      refineTinyColumns();
      absorb();
    }
  }

  /** Returns the largest change of a column potential. */
  private double unbalancedColumns() {
    double[] before = g.clone();
    for (int j = 0; j < m; j++) {
      double log = Math.log(b[j] / columnSums[j]) - shift;
      g[j] = exponent * (kernel.g[j] + eps * log);
    }
    refineTinyColumns();
    double change = 0;
    for (int j = 0; j < m; j++) {
      change = Math.max(change, Math.abs(g[j] - before[j]));
      columnFactors[j] = Math.exp((g[j] - kernel.g[j]) / eps);
    }
    if (inRange()) {
      kernel.setColumnFactors(columnFactors);
    } else {
      absorb();
    }
    return change;
  }

  private boolean inRange() {
    for (double factor : columnFactors) {
      if (!(factor >= 1 / RANGE && factor <= RANGE)) {
        return false;
      }
    }
    return true;
  }

  private void absorb() {
    kernel.absorb(g);
    Arrays.fill(columnFactors, 1);
    shift = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      rowFactors[i] = Math.exp((f[i] - kernel.f[i]) / eps);
      shift = Math.max(shift, (exponent - 1) * kernel.f[i] / eps);
    }
  }

  private void updatePotentials() {
    if (task.settings().balanced()) {
      for (int i = 0; i < n; i++) {
        f[i] = kernel.f[i] + eps * Math.log(rowFactors[i]);
      }
      for (int j = 0; j < m; j++) {
        g[j] = kernel.g[j] + eps * Math.log(columnFactors[j]);
      }
    } else {
      for (int i = 0; i < n; i++) {
        rowFactors[i] = Math.exp((f[i] - kernel.f[i]) / eps);
      }
    }
  }

  /** Computes g_j = exponent eps (log b_j - lse_i((f_i - C_ij) / eps)) where K'u is too small. */
  private void refineTinyColumns() {
    int[] columns = new int[m];
    int count = 0;
    for (int j = 0; j < m; j++) {
      if (!(columnSums[j] >= TINY)) {
        columns[count++] = j;
      }
    }
    if (count > 0) {
      double[] largest = new double[count];
      double[] sums = new double[count];
      Arrays.fill(largest, Double.NEGATIVE_INFINITY);
      float[] row = new float[m];
      Rows costs = new Rows(cost, n, m);
      for (int i = 0; i < n; i++) {
        costs.get(i, row);
        for (int k = 0; k < count; k++) {
          double exponentOfEntry = (f[i] - row[columns[k]]) / eps;
          double top = Math.max(largest[k], exponentOfEntry);
          sums[k] = sums[k] * Math.exp(largest[k] - top) + Math.exp(exponentOfEntry - top);
          largest[k] = top;
        }
      }
      for (int k = 0; k < count; k++) {
        double logSum = largest[k] + Math.log(sums[k]);
        g[columns[k]] = exponent * eps * (Math.log(b[columns[k]]) - logSum);
      }
    }
  }

  private static void write(double[] values, FloatPointer target) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    Lease.view(target, 0, floats.length).put(floats);
  }

  private static double sum(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum;
  }
}
