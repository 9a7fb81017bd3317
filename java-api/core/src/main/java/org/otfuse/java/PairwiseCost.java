package org.otfuse.java;

import java.util.Arrays;
import org.otfuse.Metric;
import org.otfuse.java.HeapBuffer.Floats;
import org.otfuse.numeric.PairDistance;
import org.otfuse.spi.CostTask;

/**
 * Pairwise costs from one matrix product: |x - y|^2 = |x|^2 + |y|^2 - 2 x.y after subtracting the
 * mean of y's rows from both, which distances do not feel and cancellation does. Norms are summed
 * in double. The product costs 2 n m d operations, everything else O((n + m) d + n m), except that
 * pairs which the product does not serve are taken one by one.
 */
final class PairwiseCost {
  private static final int ROWS_AT_A_TIME = 16;

  private final Workers workers;
  private final CostTask task;
  private final int n;
  private final int m;
  private final int d;

  PairwiseCost(Workers workers, CostTask task) {
    this.workers = workers;
    this.task = task;
    this.n = task.x().rows();
    this.m = task.y().rows();
    this.d = task.x().columns();
  }

  void compute() {
    Floats x = Floats.of(task.x());
    Floats y = Floats.of(task.y());
    Floats cost = Floats.of(task.cost());
    float[] mean = task.metric() == Metric.COSINE ? new float[d] : columnMeans(y);
    double[] xx = squaredNorms(x, n, mean);
    double[] yy = squaredNorms(y, m, mean);
    Arrays.fill(cost.array(), cost.offset(), cost.offset() + cost.length(), 0);
    Product.add(
        workers,
        new Product.Left(x.array(), x.offset(), d, 1, mean),
        new Product.Rows(centredColumns(y, mean), 0, m),
        new Product.Rows(cost.array(), cost.offset(), m),
        n,
        d,
        m);
    workers.forEach(n, i -> finishRow(x, y, cost, i, xx[i], yy));
  }

  private float[] columnMeans(Floats y) {
    double[] sums = new double[d];
    for (int j = 0; j < m; j++) {
      for (int k = 0, p = y.offset() + j * d; k < d; k++, p++) {
        sums[k] += y.array()[p];
      }
    }
    float[] means = new float[d];
    for (int k = 0; k < d; k++) {
      means[k] = (float) (sums[k] / m);
    }
    return means;
  }

  private double[] squaredNorms(Floats rows, int count, float[] mean) {
    double[] norms = new double[count];
    workers.forEach(
        count,
        i -> {
          int p = rows.offset() + i * d;
          double sum = 0;
          for (int k = 0; k < d; k++) {
            float value = rows.array()[p + k] - mean[k];
            sum += (double) value * value;
          }
          norms[i] = sum;
        });
    return norms;
  }

  /** The anchor's rows as columns [d,m], so that the product runs along contiguous memory. */
  private float[] centredColumns(Floats y, float[] mean) {
    float[] result = new float[d * m];
    int blocks = (m + ROWS_AT_A_TIME - 1) / ROWS_AT_A_TIME;
    workers.forEach(
        blocks,
        block -> {
          int first = block * ROWS_AT_A_TIME;
          int last = Math.min(m, first + ROWS_AT_A_TIME);
          for (int k = 0; k < d; k++) {
            for (int j = first; j < last; j++) {
              result[k * m + j] = y.array()[y.offset() + j * d + k] - mean[k];
            }
          }
        });
    return result;
  }

  /** Turns the products of one row into distances where they lie. */
  private void finishRow(Floats x, Floats y, Floats cost, int i, double xx, double[] yy) {
    float[] row = cost.array();
    int p = cost.offset() + i * m;
    for (int j = 0; j < m; j++, p++) {
      double distance =
          switch (task.metric()) {
            case SQEUCLIDEAN -> squared(xx + yy[j], row[p]);
            case EUCLIDEAN -> Math.sqrt(squared(xx + yy[j], row[p]));
            case COSINE -> cosine(Math.sqrt(xx) * Math.sqrt(yy[j]), row[p]);
          };
      row[p] = (float) (distance >= 0 ? distance : direct(x, i, y, j));
    }
  }

  /** NaN for a pair that is to be taken directly. */
  private static double squared(double norms, double dot) {
    double squared = norms - 2 * dot;
    return PairDistance.served(norms, squared) ? squared : Double.NaN;
  }

  /** NaN for a pair that is to be taken directly. */
  private static double cosine(double norms, double dot) {
    return PairDistance.servedCosine(norms) ? Math.max(0, 1 - dot / norms) : Double.NaN;
  }

  private double direct(Floats x, int i, Floats y, int j) {
    return PairDistance.of(
        x.array(), x.offset() + i * d, y.array(), y.offset() + j * d, d, task.metric());
  }
}
