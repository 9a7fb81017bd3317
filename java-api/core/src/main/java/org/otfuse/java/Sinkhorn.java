package org.otfuse.java;

import java.util.Arrays;
import org.otfuse.SinkhornSettings;
import org.otfuse.TransportReport;
import org.otfuse.java.HeapBuffer.Floats;
import org.otfuse.spi.SinkhornTask;

/**
 * One entropic transport problem in the log domain (Peyre and Cuturi 2019, section 4.4).
 *
 * <p>An iteration takes one exponential an entry. With potentials in units of eps/ln 2, {@code e_ij
 * = 2^(R_ij + phi_i + gamma_j)} is the current plan, so its row sums S_i give the violation and the
 * row update a_i/S_i; the plan after that update is e_ij a_i/S_i, whose column sums give the column
 * update without a second exponential. No maximum has to be searched because the plan is bounded by
 * the column marginal after every column update; a row or column whose sum leaves the safe range
 * falls back to a full log-sum-exp.
 *
 * <p>R = F + G - C holds the reduced costs: potentials F and G are kept in double and folded into R
 * whenever phi or gamma have moved far, so that float32 carries small numbers where it matters even
 * when C/eps is 10^4.
 *
 * <p>Rows are worked on in blocks of fixed size whose column sums are added in order, so the result
 * does not depend on the number of threads. The limit is {@link Exp2}: about 2 ns an entry.
 */
final class Sinkhorn {
  private static final double LN2 = Math.log(2);
  private static final int BLOCK = 64;
  private static final float FOLD_AT = 24;
  private static final double SMALLEST_SUM = 1e-18;
  private static final double LARGEST_SUM = 1e18;

  private final Workers workers;
  private final SinkhornSettings settings;
  private final int n;
  private final int m;
  private final Floats cost;
  private final Floats a;
  private final Floats b;
  private final double mean; // of the costs, 1 where that is 0
  private final double[] rowPotential; // F
  private final double[] columnPotential; // G
  private final float[] phi;
  private final float[] gamma;
  private final float[][] reduced; // R
  private final double[] logRowSums; // log2 of the sum over j of 2^(R + gamma)
  private final double[] nextPhi;
  private final float[][] columnSums; // one row a block
  private double eps; // of the current iteration, in units of cost
  private double scale; // log2(e) / eps
  private double damping; // tau / (tau + eps), 1 when balanced
  private double violation = Double.POSITIVE_INFINITY;

  Sinkhorn(Workers workers, SinkhornTask task) {
    this.workers = workers;
    this.settings = task.settings();
    this.n = task.cost().rows();
    this.m = task.cost().columns();
    this.cost = Floats.of(task.cost());
    this.a = Floats.of(task.a());
    this.b = Floats.of(task.b());
    double costs = mean(cost);
    this.mean = costs > 0 ? costs : 1;
    this.rowPotential = new double[n];
    this.columnPotential = new double[m];
    this.phi = new float[n];
    this.gamma = new float[m];
    this.reduced = new float[n][m];
    this.logRowSums = new double[n];
    this.nextPhi = new double[n];
    this.columnSums = new float[(n + BLOCK - 1) / BLOCK][m];
    setEpsilon(settings.epsilonAt(1));
    if (settings.warmStart()) {
      scaled(Floats.of(task.f()), rowPotential);
      scaled(Floats.of(task.g()), columnPotential);
    }
  }

  static TransportReport solve(Workers workers, SinkhornTask task) {
    return new Sinkhorn(workers, task).solve(task);
  }

  private TransportReport solve(SinkhornTask task) {
    fold();
    int iterations = 0;
    boolean converged = false;
    boolean settled = false; // the latest iteration had the final epsilon
    while (true) {
      boolean last = iterations == settings.maxIterations();
      if (!last) {
        anneal(iterations + 1);
      }
      workers.forEach(columnSums.length, this::sumRows);
      if (settings.balanced()) {
        violation = rowViolation();
        converged = settled && violation <= settings.tolerance();
      }
      if (converged || last) {
        break;
      }
      double change = Math.max(updateRows(), updateColumns());
      iterations++;
      settled = settings.epsilonAt(iterations) == settings.epsilon();
      if (largest(phi) > FOLD_AT || largest(gamma) > FOLD_AT) {
        fold();
      }
      if (!settings.balanced()) {
        violation = change * LN2;
        converged = settled && violation <= settings.tolerance();
        if (converged) {
          break;
        }
      }
    }
    fold();
    return finish(task, iterations, converged);
  }

  private static double mean(Floats values) {
    double sum = 0;
    for (int p = values.offset(); p < values.offset() + values.length(); p++) {
      sum += values.array()[p];
    }
    return sum / values.length();
  }

  private void scaled(Floats potential, double[] target) {
    for (int i = 0; i < target.length; i++) {
      target[i] = potential.array()[potential.offset() + i] * scale;
    }
  }

  private static float largest(float[] values) {
    float largest = 0;
    for (float v : values) {
      largest = Math.max(largest, Math.abs(v));
    }
    return largest;
  }

  private void setEpsilon(double relative) {
    eps = relative * mean;
    scale = 1 / (LN2 * eps);
    damping = settings.balanced() ? 1 : settings.tau() / (settings.tau() + eps);
  }

  /** Takes the potentials to an iteration's epsilon. */
  private void anneal(int iteration) {
    double before = scale;
    setEpsilon(settings.epsilonAt(iteration));
    if (scale != before) {
      fold(scale / before);
    }
  }

  private void fold() {
    fold(1);
  }

  /** Moves phi and gamma into F and G, changes the unit of these and computes R anew. */
  private void fold(double factor) {
    for (int i = 0; i < n; i++) {
      rowPotential[i] = factor * (rowPotential[i] + phi[i]);
      phi[i] = 0;
    }
    for (int j = 0; j < m; j++) {
      columnPotential[j] = factor * (columnPotential[j] + gamma[j]);
      gamma[j] = 0;
    }
    workers.forEach(
        columnSums.length,
        block -> {
          for (int i = block * BLOCK; i < Math.min(n, (block + 1) * BLOCK); i++) {
            float[] r = reduced[i];
            int p = cost.offset() + i * m;
            for (int j = 0; j < m; j++) {
              r[j] = (float) (rowPotential[i] + columnPotential[j] - scale * cost.array()[p + j]);
            }
          }
        });
  }

  /** Row sums of the current plan, the row update, and column sums of the plan after it. */
  private void sumRows(int block) {
    float[] entries = new float[m];
    float[] sums = columnSums[block];
    Arrays.fill(sums, 0);
    for (int i = block * BLOCK; i < Math.min(n, (block + 1) * BLOCK); i++) {
      float shift = phi[i];
      double sum = exponentials(reduced[i], shift, entries);
      if (!safe(sum)) {
        shift = -maximum(reduced[i]);
        sum = exponentials(reduced[i], shift, entries);
      }
      logRowSums[i] = log2(sum) - shift;
      nextPhi[i] = updated(log2(a, i) - logRowSums[i], rowPotential[i]);
      addScaled((float) Math.pow(2, nextPhi[i] - shift), entries, sums);
    }
  }

  private static boolean safe(double sum) {
    return sum >= SMALLEST_SUM && sum <= LARGEST_SUM;
  }

  /** Writes 2^(R + gamma + shift) and returns its sum. */
  private double exponentials(float[] row, float shift, float[] entries) {
    for (int j = 0; j < m; j++) {
      entries[j] = row[j] + gamma[j] + shift;
    }
    for (int j = 0; j < m; j++) {
      entries[j] = Exp2.of(entries[j]);
    }
    return sum(entries);
  }

  /** Two sums at a time, so that additions need not wait for each other. */
  private static double sum(float[] values) {
    double even = 0;
    double odd = 0;
    int j = 0;
    for (; j + 1 < values.length; j += 2) {
      even += values[j];
      odd += values[j + 1];
    }
    return j < values.length ? even + odd + values[j] : even + odd;
  }

  private float maximum(float[] row) {
    float maximum = Float.NEGATIVE_INFINITY;
    for (int j = 0; j < m; j++) {
      maximum = Math.max(maximum, row[j] + gamma[j]);
    }
    return maximum;
  }

  private static void addScaled(float factor, float[] entries, float[] sums) {
    for (int j = 0; j < sums.length; j++) {
      sums[j] += factor * entries[j];
    }
  }

  /** The part of a potential beyond what is folded, from its balanced update. */
  private double updated(double balanced, double folded) {
    return damping * (balanced + folded) - folded;
  }

  private double rowViolation() {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += Math.abs(Math.pow(2, phi[i] + logRowSums[i]) - value(a, i));
    }
    return sum;
  }

  private double updateRows() {
    double change = 0;
    for (int i = 0; i < n; i++) {
      change = Math.max(change, Math.abs(nextPhi[i] - phi[i]));
      phi[i] = (float) nextPhi[i];
    }
    return change;
  }

  private double updateColumns() {
    double change = 0;
    for (int j = 0; j < m; j++) {
      double sum = 0;
      for (float[] sums : columnSums) {
        sum += sums[j];
      }
      double log = safe(sum) ? log2(sum) - gamma[j] : logColumnSum(j);
      double next = updated(log2(b, j) - log, columnPotential[j]);
      change = Math.max(change, Math.abs(next - gamma[j]));
      gamma[j] = (float) next;
    }
    return change;
  }

  /** log2 of the sum over i of 2^(R + phi), safe for any range. */
  private double logColumnSum(int j) {
    double maximum = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      maximum = Math.max(maximum, (double) reduced[i][j] + phi[i]);
    }
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += Math.pow(2, reduced[i][j] + phi[i] - maximum);
    }
    return log2(sum) + maximum;
  }

  private static float value(Floats values, int i) {
    return values.array()[values.offset() + i];
  }

  private static double log2(Floats values, int i) {
    return log2(value(values, i));
  }

  private static double log2(double x) {
    return Math.log(x) / LN2;
  }

  private TransportReport finish(SinkhornTask task, int iterations, boolean converged) {
    double[] f = unscaled(rowPotential, Floats.of(task.f()));
    double[] g = unscaled(columnPotential, Floats.of(task.g()));
    Floats plan = Floats.of(task.plan());
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < m; j++) {
        plan.array()[plan.offset() + i * m + j] = Exp2.of(reduced[i][j]);
      }
    }
    double mass = EntropicObjective.mass(plan);
    if (settings.balanced()) {
      Rounding.round(plan, a, b);
    }
    EntropicObjective objective = new EntropicObjective(cost, plan, a, b, f, g, eps);
    double gap =
        settings.balanced()
            ? objective.balancedGap(mass)
            : objective.unbalancedGap(settings.tau(), mass);
    return new TransportReport(objective.transportCost(), iterations, violation, gap, converged);
  }

  private double[] unscaled(double[] potential, Floats target) {
    double[] values = new double[potential.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = potential[i] / scale;
      target.array()[target.offset() + i] = (float) values[i];
    }
    return values;
  }
}
