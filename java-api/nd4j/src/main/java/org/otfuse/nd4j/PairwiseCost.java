package org.otfuse.nd4j;

import java.util.Arrays;
import org.bytedeco.javacpp.FloatPointer;
import org.otfuse.Metric;
import org.otfuse.numeric.PairDistance;
import org.otfuse.spi.CostTask;

/**
 * Pairwise costs by one matrix product (Singh and Jaggi 2020, section 4): {@code |x|^2 + |y|^2 - 2
 * x.y} on centred rows, or {@code 1 - x.y} on rows of length 1.
 *
 * <p>The product of a panel of 128 rows is still in the cache when its epilogue runs, which is one
 * pass over it. A squared distance below a hundredth of {@code |x|^2 + |y|^2} has lost two digits
 * to cancellation, one whose norms are very large or small has left float32: both are computed
 * again from the rows as they were given, in double. A cosine distance below a hundredth is
 * computed again as half the squared distance of the unit rows.
 *
 * <p>What limits it is the product: of 2.2 ms for n = m = d = 512 on one thread sgemm alone takes
 * 1.3 (204 GFLOP/s on an AMD EPYC), of 8.0 ms for n = m = 1024 it takes 5.3. Packing y once a
 * panel, the centring and the epilogue share what is left.
 */
final class PairwiseCost {
  private static final int PANEL = 128;
  private static final float NEAR = 0.01f;

  /** Squared norms whose products neither overflow nor vanish in float32. */
  private static final float SMALLEST = 0x1p-90f;

  private static final float LARGEST = 0x1p120f;

  private final int n;
  private final int m;
  private final int d;
  private final Metric metric;
  private final FloatPointer cost;
  private final Rows costRows;
  private final Rows given;
  private final Rows givenAnchor;
  private final Rows xRows;
  private final Rows yRows;
  private final FloatPointer x;
  private final FloatPointer y;
  private final float[] xNorms;
  private final float[] yNorms;

  private PairwiseCost(CostTask task, Lease lease, Workers workers) {
    n = task.x().rows();
    m = task.y().rows();
    d = task.x().columns();
    metric = task.metric();
    cost = lease.write(task.cost());
    FloatPointer anchor = lease.read(task.y());
    given = new Rows(lease.read(task.x()), n, d);
    givenAnchor = new Rows(anchor, m, d);
    x = lease.scratch((long) n * d);
    y = lease.scratch((long) m * d);
    costRows = new Rows(cost, n, m);
    xRows = new Rows(x, n, d);
    yRows = new Rows(y, m, d);
    xNorms = new float[n];
    yNorms = new float[m];
    float[] mean = metric == Metric.COSINE ? new float[d] : mean(anchor, lease);
    prepare(given, mean, xRows, xNorms, workers);
    prepare(givenAnchor, mean, yRows, yNorms, workers);
  }

  static void compute(CostTask task, Lease lease, Workers workers) {
    if (task.cost().length() > 0) {
      PairwiseCost pairwise = new PairwiseCost(task, lease, workers);
      workers.ranges(pairwise.n, PANEL, pairwise::panel);
    }
  }

  /** The centre only has to be the same for both sides, so a float product is exact enough. */
  private float[] mean(FloatPointer rows, Lease lease) {
    float[] mean = new float[d];
    if (d > 0) {
      float[] weights = new float[m];
      Arrays.fill(weights, 1f / m);
      FloatPointer memory = lease.scratch((long) m + d);
      Lease.view(memory, m, d).put(mean);
      Lease.view(memory, 0, m).put(weights);
      Blas.gemvTransposed(m, d, rows, memory, 0f, memory.getPointer(m));
      Lease.view(memory, m, d).get(mean);
    }
    return mean;
  }

  private void prepare(Rows from, float[] mean, Rows to, float[] norms, Workers workers) {
    workers.ranges(
        norms.length,
        PANEL,
        (first, last) -> {
          float[] row = new float[d];
          for (int i = first; i < last; i++) {
            from.get(i, row);
            for (int k = 0; k < d; k++) {
              row[k] -= mean[k];
            }
            double norm = squaredNorm(row);
            if (metric == Metric.COSINE && norm > 0) {
              double scale = 1 / Math.sqrt(norm);
              for (int k = 0; k < d; k++) {
                row[k] = (float) (row[k] * scale);
              }
            }
            norms[i] = (float) norm;
            to.put(i, row);
          }
        });
  }

  private static double squaredNorm(float[] row) {
    double even = 0;
    double odd = 0;
    int last = row.length - 1;
    for (int k = 0; k < last; k += 2) {
      even += (double) row[k] * row[k];
      odd += (double) row[k + 1] * row[k + 1];
    }
    return even + odd + (row.length % 2 == 1 ? (double) row[last] * row[last] : 0);
  }

  private void panel(int first, int last) {
    FloatPointer target = cost.getPointer((long) first * m);
    Blas.gemmTransposedB(last - first, m, d, x.getPointer((long) first * d), y, target);
    float[] row = new float[m];
    for (int i = first; i < last; i++) {
      costRows.get(i, row);
      if (metric == Metric.COSINE) {
        cosine(row, i);
      } else {
        euclidean(row, i);
      }
      costRows.put(i, row);
    }
  }

  private void cosine(float[] row, int i) {
    for (int j = 0; j < row.length; j++) {
      row[j] = 1f - row[j];
      if (row[j] <= NEAR) {
        row[j] = squaredDistance(i, j) / 2;
      }
    }
  }

  private void euclidean(float[] row, int i) {
    float norm = xNorms[i];
    for (int j = 0; j < row.length; j++) {
      row[j] = norm + yNorms[j] - 2f * row[j];
    }
    int[] direct = new int[row.length];
    int count = 0;
    for (int j = 0; j < row.length; j++) {
      if (!served(norm + yNorms[j], row[j])) {
        direct[count++] = j;
      }
    }
    if (metric == Metric.EUCLIDEAN) {
      for (int j = 0; j < row.length; j++) {
        row[j] = (float) Math.sqrt(row[j]);
      }
    }
    if (count > 0) {
      takeDirectly(row, i, direct, count);
    }
  }

  private static boolean served(float norms, float squared) {
    return norms >= SMALLEST && norms <= LARGEST && squared > NEAR * norms;
  }

  private void takeDirectly(float[] row, int i, int[] columns, int count) {
    float[] a = new float[d];
    float[] b = new float[d];
    given.get(i, a);
    for (int k = 0; k < count; k++) {
      givenAnchor.get(columns[k], b);
      row[columns[k]] = (float) PairDistance.of(a, 0, b, 0, d, metric);
    }
  }

  private float squaredDistance(int i, int j) {
    float[] a = new float[d];
    float[] b = new float[d];
    xRows.get(i, a);
    yRows.get(j, b);
    double sum = 0;
    for (int k = 0; k < d; k++) {
      double difference = a[k] - b[k];
      sum += difference * difference;
    }
    return (float) sum;
  }
}
