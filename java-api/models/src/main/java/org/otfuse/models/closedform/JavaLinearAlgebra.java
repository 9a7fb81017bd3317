package org.otfuse.models.closedform;

import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Plain Java. Every loop that matters adds four rows to one, the shape that the just-in-time
 * compiler turns into vector instructions. A task owns its rows of the result and adds to them in
 * one order, so threads change nothing.
 */
final class JavaLinearAlgebra implements LinearAlgebra {
  /** Rows of a result that one task owns: with {@link #COLUMNS} they stay in the nearest caches. */
  private static final int ROWS = 16;

  private static final int COLUMNS = 512;

  /** Rows of a factor that are made before the rest hears of them. */
  private static final int PANEL = 32;

  /** Below this many multiply-adds threads cost more than they save. */
  private static final long PARALLEL = 1 << 18;

  /** Runs tasks, on threads if there is enough to do. */
  static void forEach(int tasks, long work, IntConsumer task) {
    IntStream all = IntStream.range(0, tasks);
    (work < PARALLEL ? all : all.parallel()).forEach(task);
  }

  @Override
  public ProductSum product(int n, int m) {
    return new Sum(new double[n][m], false);
  }

  @Override
  public ProductSum gram(int d) {
    return new Sum(new double[d][d], true);
  }

  /** Only the upper triangle is summed where the sum is symmetric. */
  private static final class Sum implements ProductSum {
    private final double[][] sums;
    private final boolean symmetric;

    Sum(double[][] sums, boolean symmetric) {
      this.sums = sums;
      this.symmetric = symmetric;
    }

    @Override
    public void add(double[][] a, double[][] b, int rows) {
      int n = sums.length;
      int m = n == 0 ? 0 : sums[0].length;
      int tasks = (n + ROWS - 1) / ROWS;
      forEach(
          tasks,
          (long) rows * n * m,
          task -> {
            int first = task * ROWS;
            int last = Math.min(n, first + ROWS);
            for (int j = symmetric ? first / COLUMNS * COLUMNS : 0; j < m; j += COLUMNS) {
              addBlock(a, b, rows, first, last, j, Math.min(m, j + COLUMNS));
            }
          });
    }

    private void addBlock(
        double[][] a, double[][] b, int rows, int first, int last, int from, int to) {
      int r = 0;
      for (; r + 4 <= rows; r += 4) {
        for (int i = first; i < last; i++) {
          int start = symmetric ? Math.max(from, i) : from;
          add4(
              sums[i],
              start,
              to,
              a[r][i],
              b[r],
              a[r + 1][i],
              b[r + 1],
              a[r + 2][i],
              b[r + 2],
              a[r + 3][i],
              b[r + 3]);
        }
      }
      for (; r < rows; r++) {
        for (int i = first; i < last; i++) {
          add1(sums[i], symmetric ? Math.max(from, i) : from, to, a[r][i], b[r]);
        }
      }
    }

    @Override
    public double[][] values() {
      for (int i = 0; symmetric && i < sums.length; i++) {
        for (int j = 0; j < i; j++) {
          sums[i][j] = sums[j][i];
        }
      }
      return sums;
    }
  }

  private static void add4(
      double[] sum,
      int from,
      int to,
      double p,
      double[] a,
      double q,
      double[] b,
      double r,
      double[] c,
      double s,
      double[] d) {
    for (int j = from; j < to; j++) {
      sum[j] += p * a[j] + q * b[j] + r * c[j] + s * d[j];
    }
  }

  static void add1(double[] sum, int from, int to, double p, double[] a) {
    for (int j = from; j < to; j++) {
      sum[j] += p * a[j];
    }
  }

  /** Adds to {@code sum} the rows {@code first} to {@code last}, each times minus its factor. */
  static void subtractRows(
      double[] sum, int from, int to, double[][] rows, int first, int last, double[] factors) {
    int r = first;
    for (; r + 4 <= last; r += 4) {
      add4(
          sum,
          from,
          to,
          -factors[r],
          rows[r],
          -factors[r + 1],
          rows[r + 1],
          -factors[r + 2],
          rows[r + 2],
          -factors[r + 3],
          rows[r + 3]);
    }
    for (; r < last; r++) {
      add1(sum, from, to, -factors[r], rows[r]);
    }
  }

  @Override
  public Optional<double[][]> solve(double[][] a, double[][] b) {
    double[][] upper = copy(a);
    if (!factor(upper)) {
      return Optional.empty();
    }
    double[][] lower = transposed(upper);
    double[][] x = copy(b);
    int d = a.length;
    forEach(
        (x.length + ROWS - 1) / ROWS,
        (long) x.length * d * d,
        task -> {
          int first = task * ROWS;
          int last = Math.min(x.length, first + ROWS);
          substitute(upper, lower, x, first, last);
        });
    return Optional.of(x);
  }

  /** Makes the upper triangle U of U'U = A; false if A is not positive definite. */
  private static boolean factor(double[][] u) {
    int d = u.length;
    for (int first = 0; first < d; first += PANEL) {
      int start = first;
      int last = Math.min(d, first + PANEL);
      for (int k = first; k < last; k++) {
        subtractRows(u[k], k, d, u, first, k, column(u, k, first, k));
        if (!(u[k][k] > 0) || Double.isInfinite(u[k][k])) {
          return false;
        }
        double scale = 1 / Math.sqrt(u[k][k]);
        for (int j = k; j < d; j++) {
          u[k][j] *= scale;
        }
      }
      int rest = d - last;
      forEach(
          (rest + ROWS - 1) / ROWS,
          (long) rest * rest * (last - first) / 2,
          task -> {
            int begin = last + task * ROWS;
            for (int i = begin; i < Math.min(d, begin + ROWS); i++) {
              subtractRows(u[i], i, d, u, start, last, column(u, i, start, last));
            }
          });
    }
    return true;
  }

  private static double[] column(double[][] u, int column, int first, int last) {
    double[] factors = new double[last];
    for (int r = first; r < last; r++) {
      factors[r] = u[r][column];
    }
    return factors;
  }

  /** Solves x U'U = b for some rows, in place. */
  private static void substitute(
      double[][] upper, double[][] lower, double[][] x, int first, int last) {
    int d = upper.length;
    for (int k = 0; k < d; k += PANEL) {
      int end = Math.min(d, k + PANEL);
      for (int i = first; i < last; i++) {
        double[] row = x[i];
        for (int r = k; r < end; r++) {
          row[r] /= upper[r][r];
          add1(row, r + 1, end, -row[r], upper[r]);
        }
        subtractRows(row, end, d, upper, k, end, row);
      }
    }
    for (int end = d; end > 0; end -= PANEL) {
      int k = Math.max(0, end - PANEL);
      for (int i = first; i < last; i++) {
        double[] row = x[i];
        for (int r = end - 1; r >= k; r--) {
          row[r] /= lower[r][r];
          add1(row, k, r, -row[r], lower[r]);
        }
        subtractRows(row, 0, k, lower, k, end, row);
      }
    }
  }

  private static double[][] transposed(double[][] upper) {
    int d = upper.length;
    double[][] lower = new double[d][d];
    for (int i = 0; i < d; i++) {
      for (int j = i; j < d; j++) {
        lower[j][i] = upper[i][j];
      }
    }
    return lower;
  }

  static double[][] copy(double[][] rows) {
    double[][] copy = new double[rows.length][];
    for (int i = 0; i < rows.length; i++) {
      copy[i] = rows[i].clone();
    }
    return copy;
  }

  @Override
  public int[] select(List<Reading> readings, int count) {
    return new GreedySelection(readings).select(count);
  }

  @Override
  public int[] pivots(double[][] gram, int[] chosen, int count) {
    return GreedySelection.pivots(gram, chosen, count);
  }
}
