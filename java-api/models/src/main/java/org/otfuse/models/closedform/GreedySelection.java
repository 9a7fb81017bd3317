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

  /** What the chosen neurons leave of one tensor. */
  private static final class Residual {
    private final double[] original;
    private final double[][] gram;
    private final double[][] reads;

    Residual(double[][] gram, double[][] reads) {
      this.gram = JavaLinearAlgebra.copy(gram);
      this.reads = JavaLinearAlgebra.copy(reads);
      this.original = new double[gram.length];
      for (int i = 0; i < original.length; i++) {
        original[i] = gram[i][i];
      }
    }

    double share(int j) {
      return original[j] > 0 ? gram[j][j] / original[j] : 0;
    }

    double score(int j) {
      return gram[j][j] <= SPENT * original[j]
          ? 0
          : Math.max(0, reads[j][j]) / (gram[j][j] + DAMPING * original[j]);
    }

    void deflate(int j) {
      if (gram[j][j] <= SPENT * original[j]) {
        return;
      }
      int n = gram.length;
      double[] g = gram[j].clone();
      double[] y = reads[j].clone();
      double scale = 1 / g[j];
      JavaLinearAlgebra.forEach(
          n,
          2L * n * n,
          i -> {
            double share = g[i] * scale;
            JavaLinearAlgebra.add1(gram[i], 0, n, -share, g);
            JavaLinearAlgebra.add1(reads[i], 0, n, -share, y);
            JavaLinearAlgebra.add1(reads[i], 0, n, (share * y[j] - y[i]) * scale, g);
          });
    }
  }
}
