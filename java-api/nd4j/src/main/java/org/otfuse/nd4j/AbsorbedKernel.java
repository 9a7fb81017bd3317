package org.otfuse.nd4j;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Exp;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The kernel {@code K_ij = exp((f_i + g_j - C_ij) / eps)} with potentials absorbed (Schmitzer 2019,
 * section 3.1; Peyre and Cuturi 2019, section 4.4), in float32, and the products with it.
 *
 * <p>The exponents are differences of doubles, so that large potentials over a small eps cost no
 * digits, and f is chosen so that the largest entry of each row is 1: a row can never underflow.
 * Entries below {@code exp(-69)} are held there, which keeps slow subnormal numbers out and adds
 * less than 1e-16 to any sum that {@link Sinkhorn} accepts.
 *
 * <p>A pass computes K v, then u from it, then K'u, panel by panel: a panel of 256 KiB is still in
 * the cache for the second product, so that an iteration reads K once. Panels make up blocks that
 * run in parallel; sizes depend on n and m only, and blocks are summed in order.
 */
final class AbsorbedKernel {
  private static final int PANEL = 1 << 16;
  private static final int PANELS_PER_BLOCK = 8;
  private static final double FLOOR = -69;

  /** Entries up to here are at the floor and count as 0 in a plan. */
  static final float SMALLEST = 1.1e-30f;

  final int n;
  final int m;
  final int panelRows;

  /** The absorbed potentials, in units of cost. */
  final double[] f;

  final double[] g;

  private final Workers workers;
  private final Rows cost;
  private final FloatPointer kernel;
  private final Rows entries;
  private final INDArray[] panels;
  private final FloatPointer columnFactors;
  private final FloatPointer rowSums;
  private final FloatPointer rowFactors;
  private final FloatPointer partials;
  private final int blockRows;
  private final int blocks;
  private double eps;

  /** The kernel is kept in the memory of the plan. */
  AbsorbedKernel(
      int n,
      int m,
      FloatPointer cost,
      FloatPointer plan,
      INDArray array,
      Lease lease,
      Workers workers) {
    this.n = n;
    this.m = m;
    this.cost = new Rows(cost, n, m);
    entries = new Rows(plan, n, m);
    this.kernel = plan;
    this.workers = workers;
    f = new double[n];
    g = new double[m];
    panelRows = Math.max(1, Math.min(n, PANEL / m));
    panels = panels(array);
    blockRows = panelRows * PANELS_PER_BLOCK;
    blocks = (n + blockRows - 1) / blockRows;
    int size = m + 2 * n + blocks * m;
    FloatPointer scratch = lease.scratch(size);
    Lease.view(scratch, 0, size).put(new float[size]);
    columnFactors = scratch;
    rowSums = scratch.getPointer(m);
    rowFactors = scratch.getPointer((long) m + n);
    partials = scratch.getPointer((long) m + 2 * n);
  }

  private INDArray[] panels(INDArray array) {
    INDArray[] views = new INDArray[(n + panelRows - 1) / panelRows];
    for (int p = 0; p < views.length; p++) {
      long first = (long) p * panelRows;
      long last = Math.min(n, first + panelRows);
      views[p] = array.get(NDArrayIndex.interval(first * m, last * m));
    }
    return views;
  }

  /** Sets epsilon in units of cost, which the next {@link #absorb} works with. */
  void setEpsilon(double value) {
    eps = value;
  }

  /** Takes g in, chooses f, and computes every entry anew; v becomes 1. */
  void absorb(double[] potentials) {
    System.arraycopy(potentials, 0, g, 0, m);
    workers.ranges(
        n,
        panelRows,
        (first, last) -> {
          float[] row = new float[m];
          for (int i = first; i < last; i++) {
            cost.get(i, row);
            f[i] = exponents(row);
            entries.put(i, row);
          }
          INDArray panel = panels[first / panelRows];
          Nd4j.getExecutioner().exec(new Exp(panel, panel));
        });
    double[] ones = new double[m];
    Arrays.fill(ones, 1);
    setColumnFactors(ones);
  }

  /** Replaces costs by exponents of which the largest is 0; the f that does it is returned. */
  private double exponents(float[] row) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int j = 0; j < row.length; j++) {
      double difference = g[j] - row[j];
      if (difference > largest) {
        largest = difference;
      }
    }
    double scale = 1 / eps;
    for (int j = 0; j < row.length; j++) {
      row[j] = (float) Math.max(FLOOR, (g[j] - row[j] - largest) * scale);
    }
    return -largest;
  }

  /** Sets v. */
  void setColumnFactors(double[] v) {
    float[] floats = new float[m];
    for (int j = 0; j < m; j++) {
      floats[j] = (float) v[j];
    }
    Lease.view(columnFactors, 0, m).put(floats);
  }

  /**
   * Computes {@code K v}, lets the caller turn a range of it into u, and computes {@code K'u}.
   *
   * @param update from the row sums to u
   * @param columnSums K'u, written, [m]
   */
  void pass(RowUpdate update, double[] columnSums) {
    workers.run(blocks, block -> block(block, update));
    Arrays.fill(columnSums, 0);
    float[] partial = new float[m];
    for (int block = 0; block < blocks; block++) {
      Lease.view(partials, (long) block * m, m).get(partial);
      for (int j = 0; j < m; j++) {
        columnSums[j] += partial[j];
      }
    }
  }

  private void block(int block, RowUpdate update) {
    int begin = block * blockRows;
    int end = Math.min(n, begin + blockRows);
    float[] values = new float[panelRows];
    FloatPointer partial = partials.getPointer((long) block * m);
    FloatBuffer sums = Lease.view(rowSums, begin, end - begin);
    FloatBuffer factors = Lease.view(rowFactors, begin, end - begin);
    for (int first = begin; first < end; first += panelRows) {
      int rows = Math.min(panelRows, end - first);
      FloatPointer panel = kernel.getPointer((long) first * m);
      Blas.gemv(rows, m, panel, columnFactors, rowSums.getPointer(first));
      sums.get(first - begin, values, 0, rows);
      update.apply(first, rows, values);
      factors.put(first - begin, values, 0, rows);
      float beta = first == begin ? 0f : 1f;
      Blas.gemvTransposed(rows, m, panel, rowFactors.getPointer(first), beta, partial);
    }
  }

  /** From row sums to row factors, in place, for the rows first to first + rows - 1. */
  interface RowUpdate {
    void apply(int first, int rows, float[] values);
  }
}
