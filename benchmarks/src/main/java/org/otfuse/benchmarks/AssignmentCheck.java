package org.otfuse.benchmarks;

/**
 * A certificate of an optimal assignment, in float64: no cycle of columns can hand their rows on
 * and gain by it. Column prices are relaxed until none falls any more (Bellman and Ford), which
 * ends only where there is no such cycle; a few rounds do for the problems that are timed.
 */
final class AssignmentCheck {
  private static final double RELATIVE = 1e-7;

  private final float[] cost;
  private final int n;

  /** For costs [n,n]. */
  AssignmentCheck(float[] cost, int n) {
    this.cost = cost;
    this.n = n;
  }

  /** Throws unless the rows that the columns take are a permutation of least cost. */
  void check(int[] source) {
    boolean[] taken = new boolean[n];
    for (int i : source) {
      if (taken[i]) {
        throw new WrongResultException("row " + i + " is matched twice, expected once");
      }
      taken[i] = true;
    }
    double total = 0;
    for (int j = 0; j < n; j++) {
      total += cost[source[j] * n + j];
    }
    double slack = RELATIVE * total / n;
    double[] price = new double[n];
    for (int round = 0; relax(source, price, slack); round++) {
      if (round > n) {
        throw new WrongResultException("the assignment of cost " + total + " is not optimal");
      }
    }
  }

  /** Lowers prices by more than the slack; tells whether any fell. */
  private boolean relax(int[] source, double[] price, double slack) {
    boolean fell = false;
    for (int j = 0; j < n; j++) {
      int row = source[j] * n;
      double own = price[j] - cost[row + j];
      for (int k = 0; k < n; k++) {
        if (own + cost[row + k] < price[k] - slack) {
          price[k] = own + cost[row + k];
          fell = true;
        }
      }
    }
    return fell;
  }
}
