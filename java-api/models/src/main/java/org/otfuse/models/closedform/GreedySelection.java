package org.otfuse.models.closedform;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.otfuse.models.closedform.LinearAlgebra.Reading;

/**
 * Greedy subset selection, as in orthogonal least squares: the score of a neuron is the part of all
 * that is read which its residual explains. Choosing it deflates G by g g' / G_jj and Y by g y_j' /
 * G_jj; of Y only Y Y' is kept, because the scores need no more.
 */
final class GreedySelection {
  /** Shares of a neuron's own products below which nothing is left of it but rounding. */
  private static final double SPENT = 1e-8;

  /** Keeps what is nearly explained already from winning by rounding. */
  private static final double DAMPING = 1e-4;

  private final int n;
  private final List<Residual> residuals = new ArrayList<>();
  private final boolean[] chosen;

  GreedySelection(List<Reading> readings) {
    this.n = readings.get(0).gram().length;
    this.chosen = new boolean[n];
    for (Reading reading : readings) {
      residuals.add(new Residual(reading.gram(), reading.reads()));
    }
  }

  int[] select(int count) {
    int[] order = new int[Math.min(count, n)];
    for (int c = 0; c < order.length; c++) {
      int best = -1;
      double most = 0;
      for (int j = 0; j < n; j++) {
        double score = chosen[j] ? 0 : score(j);
        if (score > most) {
          most = score;
          best = j;
        }
      }
      if (best < 0) {
        return Arrays.copyOf(order, c);
      }
      order[c] = best;
      chosen[best] = true;
      for (Residual residual : residuals) {
        residual.deflate(best);
      }
    }
    return order;
  }

  private double score(int j) {
    double score = 0;
    for (Residual residual : residuals) {
      score += residual.score(j);
    }
    return score;
  }

  static int[] pivots(double[][] gram, int[] chosen, int count) {
    int n = gram.length;
    Residual residual = new Residual(gram, new double[n][n]);
    boolean[] taken = new boolean[n];
    for (int j : chosen) {
      taken[j] = true;
      residual.deflate(j);
    }
    int[] order = new int[Math.min(count, n - chosen.length)];
    for (int c = 0; c < order.length; c++) {
      int best = -1;
      for (int j = 0; j < n; j++) {
        if (!taken[j]
            && residual.share(j) > SPENT
            && (best < 0 || residual.share(j) > residual.share(best))) {
          best = j;
        }
      }
      if (best < 0) {
        return Arrays.copyOf(order, c);
      }
      order[c] = best;
      taken[best] = true;
      residual.deflate(best);
    }
    return order;
  }

  /**
   * What the chosen neurons leave of one tensor. The deflated matrices are never formed: of each
   * step the column g of G and h = y / G_jj - g (Y Y')_jj / (2 G_jj^2) are kept, y being the column
   * of Y Y', which falls by g h' + h g'; a new column is the original one less what these take.
   */
  private static final class Residual {
    private final double[][] gram;
    private final double[][] reads;
    private final double[] own;
    private final double[] read;
    private double[][] g = new double[0][];
    private double[][] h = new double[0][];
    private double[] pivots = new double[0];
    private int steps;

    Residual(double[][] gram, double[][] reads) {
      this.gram = gram;
      this.reads = reads;
      this.own = diagonal(gram);
      this.read = diagonal(reads);
    }

    private static double[] diagonal(double[][] matrix) {
      double[] diagonal = new double[matrix.length];
      for (int i = 0; i < diagonal.length; i++) {
        diagonal[i] = matrix[i][i];
      }
      return diagonal;
    }

    double share(int j) {
      return gram[j][j] > 0 ? own[j] / gram[j][j] : 0;
    }

    private boolean isSpent(int j) {
      return own[j] <= SPENT * gram[j][j];
    }

    double score(int j) {
      return isSpent(j) ? 0 : Math.max(0, read[j]) / (own[j] + DAMPING * gram[j][j]);
    }

    void deflate(int j) {
      if (isSpent(j)) {
        return;
      }
      double[] column = gram[j].clone();
      double[] y = reads[j].clone();
      double[] shares = new double[steps];
      double[] fromH = new double[steps];
      double[] fromG = new double[steps];
      for (int s = 0; s < steps; s++) {
        shares[s] = g[s][j] / pivots[s];
        fromH[s] = h[s][j];
        fromG[s] = g[s][j];
      }
      int n = column.length;
      JavaLinearAlgebra.subtractRows(column, 0, n, g, 0, steps, shares);
      JavaLinearAlgebra.subtractRows(y, 0, n, g, 0, steps, fromH);
      JavaLinearAlgebra.subtractRows(y, 0, n, h, 0, steps, fromG);
      keep(j, column, y);
    }

    private void keep(int j, double[] column, double[] y) {
      int n = column.length;
      double pivot = column[j];
      double[] rest = new double[n];
      for (int i = 0; i < n; i++) {
        rest[i] = y[i] / pivot - column[i] * y[j] / (2 * pivot * pivot);
        own[i] -= column[i] * column[i] / pivot;
        read[i] -= 2 * column[i] * rest[i];
      }
      if (steps == g.length) {
        int room = 2 * steps + 16;
        g = Arrays.copyOf(g, room);
        h = Arrays.copyOf(h, room);
        pivots = Arrays.copyOf(pivots, room);
      }
      g[steps] = column;
      h[steps] = rest;
      pivots[steps++] = pivot;
    }
  }
}
