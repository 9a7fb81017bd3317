package org.otfuse.benchmarks;

import java.util.Arrays;

/**
 * A certificate of an entropic coupling with uniform marginals, in float64: the plan has its
 * marginals and hardly more than the least objective, as the potentials prove (Peyre and Cuturi
 * 2019, proposition 4.4). The dual objective is taken after a column update of its own, so that no
 * number of the back end is believed.
 */
final class SinkhornCheck {
  private static final double MARGINALS = 1e-5;

  /** Share of epsilon that the objective may be above the least one. */
  private static final double GAP = 1e-2;

  private final float[] cost;
  private final int n;
  private final int m;

  /** For costs [n,m]. */
  SinkhornCheck(float[] cost, int n, int m) {
    this.cost = cost;
    this.n = n;
    this.m = m;
  }

  void check(float[] plan, float[] f, float[] g, double relativeEpsilon) {
    double[] rows = new double[n];
    double[] columns = new double[m];
    double mean = 0;
    for (float c : cost) {
      mean += (double) c / cost.length;
    }
    double epsilon = relativeEpsilon * mean;
    double primal = 0;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < m; j++) {
        double t = plan[i * m + j];
        rows[i] += t;
        columns[j] += t;
        primal += t > 0 ? t * cost[i * m + j] + epsilon * t * (Math.log(t) - 1) : 0;
      }
    }
    WrongResultException.unlessClose("L1 violation of rows", distance(rows), 0, MARGINALS);
    WrongResultException.unlessClose("L1 violation of columns", distance(columns), 0, MARGINALS);
    WrongResultException.unlessClose(
        "duality gap in epsilon", (primal - dual(f, g, epsilon)) / epsilon, 0, GAP);
  }

  private static double distance(double[] sums) {
    return Arrays.stream(sums).map(s -> Math.abs(s - 1.0 / sums.length)).sum();
  }

  /** After the column update the plan's mass is 1, so its term is epsilon. */
  private double dual(float[] f, float[] g, double epsilon) {
    double[] sums = new double[m];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < m; j++) {
        sums[j] += Math.exp(((double) f[i] + g[j] - cost[i * m + j]) / epsilon);
      }
    }
    double dual = -epsilon;
    for (int i = 0; i < n; i++) {
      dual += (double) f[i] / n;
    }
    for (int j = 0; j < m; j++) {
      dual += (g[j] - epsilon * Math.log(m * sums[j])) / m;
    }
    return dual;
  }
}
