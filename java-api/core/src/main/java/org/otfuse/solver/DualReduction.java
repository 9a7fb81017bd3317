package org.otfuse.solver;

/**
 * The cheap first stages of Jonker and Volgenant (1987): column reduction, reduction transfer and
 * augmenting row reduction. They leave few rows free and column potentials that make the remaining
 * shortest paths short.
 *
 * <p>One sweep over C for the column minima, one for the transfer, then one row scan per step of
 * the augmenting row reduction. Equal costs can make those steps many, therefore a pass takes at
 * most {@link #STEPS_PER_ROW} n of them before displaced rows wait for the next stage.
 */
final class DualReduction {
  private static final int PASSES = 2;
  private static final int STEPS_PER_ROW = 4;

  private final Matching matching;
  private final int n;
  private final float[] c;
  private final double[] v;
  private final int[] rowOf;

  /** The two least reduced costs of the row that was scanned last, and their columns. */
  private double least;

  private double second;
  private int leastColumn;
  private int secondColumn;

  private DualReduction(Matching matching) {
    this.matching = matching;
    this.n = matching.n;
    this.c = matching.cost.values();
    this.v = matching.v;
    this.rowOf = matching.rowOf;
  }

  /**
   * Matches what it can.
   *
   * @param matching empty with zero potentials; changed
   * @param free receives the rows that are still free, [n]
   * @return how many those are
   */
  static int run(Matching matching, int[] free) {
    DualReduction stages = new DualReduction(matching);
    int[] columnsWon = stages.reduceColumns();
    int count = stages.freeRows(free);
    if (count == 0) {
      return 0;
    }
    stages.transferReductions(columnsWon);
    return stages.reduceRows(free, count, PASSES);
  }

  /**
   * Matches what it can from potentials that are there already.
   *
   * @param matching empty, with any finite potentials; changed
   * @param free receives the rows that are still free, [n]
   * @return how many those are
   */
  static int runFrom(Matching matching, int[] free) {
    if (matching.n == 1) {
      matching.match(0, 0);
      return 0;
    }
    DualReduction stages = new DualReduction(matching);
    return stages.reduceRows(free, stages.freeRows(free), PASSES);
  }

  private int reduceRows(int[] free, int count, int passes) {
    int left = count;
    for (int pass = 0; pass < passes && left > 0; pass++) {
      left = reduceRows(free, left);
    }
    return left;
  }

  /** Sets v to the column minima and gives each row the last column that it is least in. */
  private int[] reduceColumns() {
    int[] leastRow = new int[n];
    for (int j = 0; j < n; j++) {
      v[j] = Double.POSITIVE_INFINITY;
    }
    for (int i = 0; i < n; i++) {
      lowerColumnMinima(i, matching.cost.row(i), leastRow);
    }
    int[] columnsWon = new int[n];
    for (int j = n - 1; j >= 0; j--) {
      if (columnsWon[leastRow[j]]++ == 0) {
        matching.match(leastRow[j], j);
      }
    }
    return columnsWon;
  }

  private void lowerColumnMinima(int i, int row, int[] leastRow) {
    for (int j = 0; j < n; j++) {
      double cost = c[row + j];
      if (cost < v[j]) {
        v[j] = cost;
        leastRow[j] = i;
      }
    }
  }

  private int freeRows(int[] free) {
    int count = 0;
    for (int i = 0; i < n; i++) {
      if (matching.columnOf[i] == Matching.FREE) {
        free[count++] = i;
      }
    }
    return count;
  }

  /** Lowers the potential of a column whose row won no other, as far as the row stays content. */
  private void transferReductions(int[] columnsWon) {
    for (int i = 0; i < n; i++) {
      if (columnsWon[i] == 1) {
        int j = matching.columnOf[i];
        int row = matching.cost.row(i);
        v[j] -= leastElsewhere(row, j) - (c[row + j] - v[j]);
      }
    }
  }

  private double leastElsewhere(int row, int column) {
    double least = Double.POSITIVE_INFINITY;
    for (int j = 0; j < n; j++) {
      double reduced = c[row + j] - v[j];
      if (reduced < least && j != column) {
        least = reduced;
      }
    }
    return least;
  }

  /**
   * One pass of augmenting row reduction: each free row takes its best column and lowers its
   * potential until the second best is as good. The row that it displaces goes next if the
   * potential fell, and to the end otherwise.
   */
  private int reduceRows(int[] free, int count) {
    int next = 0;
    int kept = 0;
    int steps = STEPS_PER_ROW * n;
    while (next < count) {
      int i = free[next++];
      scan(matching.cost.row(i));
      int j = leastColumn;
      double lowered = v[j] - (second - least);
      boolean falls = lowered < v[j];
      if (falls) {
        v[j] = lowered;
      } else if (rowOf[j] != Matching.FREE) {
        j = secondColumn;
      }
      int displaced = rowOf[j];
      matching.match(i, j);
      if (displaced != Matching.FREE) {
        matching.columnOf[displaced] = Matching.FREE;
        if (falls && steps-- > 0) {
          free[--next] = displaced;
        } else {
          free[kept++] = displaced;
        }
      }
    }
    return kept;
  }

  private void scan(int row) {
    double first = Double.POSITIVE_INFINITY;
    double next = Double.POSITIVE_INFINITY;
    int firstAt = 0;
    int nextAt = 0;
    for (int j = 0; j < n; j++) {
      double reduced = c[row + j] - v[j];
      if (reduced < next) {
        if (reduced < first) {
          next = first;
          nextAt = firstAt;
          first = reduced;
          firstAt = j;
        } else {
          next = reduced;
          nextAt = j;
        }
      }
    }
    least = first;
    second = next;
    leastColumn = firstAt;
    secondColumn = nextAt;
  }
}
