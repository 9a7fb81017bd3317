package org.otfuse.testkit;

import java.util.Arrays;
import org.otfuse.SinkhornSettings;

/**
 * Log-domain Sinkhorn in float64 (Peyre and Cuturi 2019, section 4.4; unbalanced: Chizat et al.
 * 2018), one full log-sum-exp each half iteration, checked every iteration that has the final
 * epsilon.
 */
public final class SinkhornReference {
  private final double[] cost;
  private final double[] a;
  private final double[] b;
  private final int n;
  private final int m;
  private final SinkhornSettings settings;
  private final double finalEpsilon;
  private final double[] f;
  private final double[] g;
  private double epsilon; // of the current iteration

  private SinkhornReference(
      double[] cost, double[] a, double[] b, SinkhornSettings settings, double[] f, double[] g) {
    this.cost = cost;
    this.a = a;
    this.b = b;
    this.n = a.length;
    this.m = b.length;
    this.settings = settings;
    this.finalEpsilon = settings.epsilon() * Arrays.stream(cost).average().orElseThrow();
    this.epsilon = finalEpsilon;
    this.f = f.clone();
    this.g = g.clone();
  }

  /**
   * A solved problem.
   *
   * @param plan the coupling [n,m], rounded if the problem is balanced
   * @param f row potential [n]
   * @param g column potential [m]
   * @param iterations iterations done
   * @param violation L1 violation of the row marginal before rounding; 0 if unbalanced
   * @param converged whether the stopping rule was met
   */
  public record Solution(
      double[] plan, double[] f, double[] g, int iterations, double violation, boolean converged) {}

  /**
   * Solves a problem from zero potentials.
   *
   * @param cost C [n,m]
   * @param a row marginal [n]
   * @param b column marginal [m]
   * @param settings epsilon and stopping rule
   * @return the solution
   */
  public static Solution solve(double[] cost, double[] a, double[] b, SinkhornSettings settings) {
    return solve(cost, a, b, settings, new double[a.length], new double[b.length]);
  }

  /**
   * Solves a problem from given potentials.
   *
   * @param cost C [n,m]
   * @param a row marginal [n]
   * @param b column marginal [m]
   * @param settings epsilon and stopping rule
   * @param f row potential to start from [n]
   * @param g column potential to start from [m]
   * @return the solution
   */
  public static Solution solve(
      double[] cost, double[] a, double[] b, SinkhornSettings settings, double[] f, double[] g) {
    return new SinkhornReference(cost, a, b, settings, f, g).run();
  }

  private Solution run() {
    if (finalEpsilon == 0) {
      Arrays.fill(f, 0);
      Arrays.fill(g, 0);
      return new Solution(product(a, b), f, g, 0, 0, true);
    }
    return settings.balanced() ? balanced() : unbalanced();
  }

  private Solution balanced() {
    int iterations = 0;
    double violation = Double.POSITIVE_INFINITY;
    while (violation > settings.tolerance() && iterations < settings.maxIterations()) {
      anneal(iterations + 1);
      updateRows(1);
      updateColumns(1);
      iterations++;
      if (epsilon == finalEpsilon) {
        violation = distance(rowSums(plan(), n, m), a);
      }
    }
    boolean converged = violation <= settings.tolerance();
    return new Solution(round(plan(), a, b), f, g, iterations, violation, converged);
  }

  private Solution unbalanced() {
    int iterations = 0;
    double change = Double.POSITIVE_INFINITY;
    while (change > settings.tolerance() * epsilon && iterations < settings.maxIterations()) {
      anneal(iterations + 1);
      double damping = settings.tau() / (settings.tau() + epsilon);
      double[] oldF = f.clone();
      double[] oldG = g.clone();
      updateRows(damping);
      updateColumns(damping);
      iterations++;
      if (epsilon != finalEpsilon) {
        continue;
      }
      change = Math.max(largestChange(oldF, f), largestChange(oldG, g));
    }
    boolean converged = change <= settings.tolerance() * epsilon;
    return new Solution(plan(), f, g, iterations, 0, converged);
  }

  /**
   * The k-th of iterations 1, 2, ... has epsilon max(final, annealing^k mean(C)), the last the
   * final.
   */
  private void anneal(int iteration) {
    epsilon = finalEpsilon;
    if (!settings.warmStart() && iteration < settings.maxIterations()) {
      double started = finalEpsilon / settings.epsilon();
      for (int k = 0; k < iteration; k++) {
        started *= settings.annealing();
      }
      epsilon = Math.max(epsilon, started);
    }
  }

  private void updateRows(double damping) {
    for (int i = 0; i < n; i++) {
      double max = Double.NEGATIVE_INFINITY;
      for (int j = 0; j < m; j++) {
        max = Math.max(max, g[j] - cost[i * m + j]);
      }
      double sum = 0;
      for (int j = 0; j < m; j++) {
        sum += Math.exp((g[j] - cost[i * m + j] - max) / epsilon);
      }
      f[i] = damping * (epsilon * (Math.log(a[i]) - Math.log(sum)) - max);
    }
  }

  private void updateColumns(double damping) {
    double[] max = new double[m];
    Arrays.fill(max, Double.NEGATIVE_INFINITY);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < m; j++) {
        max[j] = Math.max(max[j], f[i] - cost[i * m + j]);
      }
    }
    double[] sum = new double[m];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < m; j++) {
        sum[j] += Math.exp((f[i] - cost[i * m + j] - max[j]) / epsilon);
      }
    }
    for (int j = 0; j < m; j++) {
      g[j] = damping * (epsilon * (Math.log(b[j]) - Math.log(sum[j])) - max[j]);
    }
  }

  private double[] plan() {
    return plan(cost, f, g, epsilon);
  }

  /**
   * The coupling of two potentials.
   *
   * @param cost C [n,m]
   * @param f row potential [n]
   * @param g column potential [m]
   * @param epsilon absolute epsilon
   * @return exp((f_i + g_j - C_ij) / epsilon) [n,m]
   */
  public static double[] plan(double[] cost, double[] f, double[] g, double epsilon) {
    int m = g.length;
    double[] plan = new double[cost.length];
    for (int i = 0; i < f.length; i++) {
      for (int j = 0; j < m; j++) {
        plan[i * m + j] = Math.exp((f[i] + g[j] - cost[i * m + j]) / epsilon);
      }
    }
    return plan;
  }

  /**
   * Primal minus dual objective of the entropic problem at a solution (Peyre and Cuturi 2019,
   * proposition 4.4; unbalanced: Chizat et al. 2018).
   *
   * @param cost C [n,m]
   * @param a row marginal [n]
   * @param b column marginal [m]
   * @param settings of the problem
   * @param solution plan and potentials
   * @return the gap in units of cost
   */
  public static double dualityGap(
      double[] cost, double[] a, double[] b, SinkhornSettings settings, Solution solution) {
    double epsilon = settings.epsilon() * Arrays.stream(cost).average().orElseThrow();
    double[] plan = solution.plan;
    double primal = 0;
    double dual = 0;
    for (int k = 0; k < plan.length; k++) {
      double entropy = plan[k] > 0 ? plan[k] * (Math.log(plan[k]) - 1) : 0;
      primal += cost[k] * plan[k] + epsilon * entropy;
    }
    if (epsilon == 0) {
      return 0;
    }
    for (double entry : plan(cost, solution.f, solution.g, epsilon)) {
      dual -= epsilon * entry;
    }
    double tau = settings.tau();
    dual += conjugate(solution.f, a, tau) + conjugate(solution.g, b, tau);
    if (!settings.balanced()) {
      primal += tau * divergence(rowSums(plan, a.length, b.length), a);
      primal += tau * divergence(columnSums(plan, a.length, b.length), b);
    }
    return primal - dual;
  }

  /** The potential's part of the dual objective. */
  private static double conjugate(double[] potential, double[] marginal, double tau) {
    double sum = 0;
    for (int i = 0; i < marginal.length; i++) {
      sum +=
          tau == Double.POSITIVE_INFINITY
              ? marginal[i] * potential[i]
              : -tau * marginal[i] * Math.expm1(-potential[i] / tau);
    }
    return sum;
  }

  /** The generalised Kullback-Leibler divergence. */
  private static double divergence(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += (x[i] > 0 ? x[i] * Math.log(x[i] / y[i]) : 0) - x[i] + y[i];
    }
    return sum;
  }

  /**
   * Rounds onto the transport polytope (Altschuler et al. 2017, algorithm 2).
   *
   * @param plan a non-negative matrix [n,m], not changed
   * @param a row marginal [n]
   * @param b column marginal [m]
   * @return a coupling of a and b [n,m]
   */
  public static double[] round(double[] plan, double[] a, double[] b) {
    int n = a.length;
    int m = b.length;
    double[] rounded = plan.clone();
    double[] rows = rowSums(rounded, n, m);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < m; j++) {
        rounded[i * m + j] *= Math.min(1, a[i] / rows[i]);
      }
    }
    double[] columns = columnSums(rounded, n, m);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < m; j++) {
        rounded[i * m + j] *= Math.min(1, b[j] / columns[j]);
      }
    }
    rows = rowSums(rounded, n, m);
    columns = columnSums(rounded, n, m);
    double missing = 0;
    for (int i = 0; i < n; i++) {
      missing += a[i] - rows[i];
    }
    for (int i = 0; i < n && missing > 0; i++) {
      for (int j = 0; j < m; j++) {
        rounded[i * m + j] += Math.max(0, (a[i] - rows[i]) * (b[j] - columns[j]) / missing);
      }
    }
    return rounded;
  }

  /**
   * Sums rows.
   *
   * @param matrix [n,m]
   * @param n rows
   * @param m columns
   * @return the sums [n]
   */
  public static double[] rowSums(double[] matrix, int n, int m) {
    double[] sums = new double[n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < m; j++) {
        sums[i] += matrix[i * m + j];
      }
    }
    return sums;
  }

  /**
   * Sums columns.
   *
   * @param matrix [n,m]
   * @param n rows
   * @param m columns
   * @return the sums [m]
   */
  public static double[] columnSums(double[] matrix, int n, int m) {
    double[] sums = new double[m];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < m; j++) {
        sums[j] += matrix[i * m + j];
      }
    }
    return sums;
  }

  /**
   * The L1 distance.
   *
   * @param x any vector
   * @param y as long
   * @return the sum of absolute differences
   */
  public static double distance(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += Math.abs(x[i] - y[i]);
    }
    return sum;
  }

  private static double largestChange(double[] x, double[] y) {
    double largest = 0;
    for (int i = 0; i < x.length; i++) {
      largest = Math.max(largest, Math.abs(x[i] - y[i]));
    }
    return largest;
  }

  private static double[] product(double[] a, double[] b) {
    double[] product = new double[a.length * b.length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < b.length; j++) {
        product[i * b.length + j] = a[i] * b[j];
      }
    }
    return product;
  }
}
