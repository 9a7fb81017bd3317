package org.otfuse.models.closedform;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.otfuse.models.closedform.LinearAlgebra.ProductSum;
import org.otfuse.models.closedform.LinearAlgebra.Reading;

/** Against sums that are taken one after the other. */
class JavaLinearAlgebraTest {
  private static final long SEED = 20260101;

  private final LinearAlgebra algebra = new JavaLinearAlgebra();
  private final Random random = new Random(SEED);

  private double[][] matrix(int n, int m) {
    double[][] matrix = new double[n][m];
    for (double[] row : matrix) {
      Arrays.setAll(row, i -> random.nextGaussian());
    }
    return matrix;
  }

  private static double dot(double[][] a, int i, double[][] b, int j) {
    double sum = 0;
    for (int r = 0; r < a.length; r++) {
      sum += a[r][i] * b[r][j];
    }
    return sum;
  }

  private static double[][] product(double[][] a, double[][] b) {
    double[][] product = new double[a[0].length][b[0].length];
    for (int i = 0; i < product.length; i++) {
      for (int j = 0; j < product[i].length; j++) {
        product[i][j] = dot(a, i, b, j);
      }
    }
    return product;
  }

  private static void assertClose(double[][] expected, double[][] found, double tolerance) {
    assertEquals(expected.length, found.length);
    for (int i = 0; i < expected.length; i++) {
      assertArrayEquals(expected[i], found[i], tolerance, "row " + i);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 17, 130, 600})
  void productsAreThoseOfTheRows(int d) {
    int rows = 37;
    double[][] a = matrix(rows, d);
    double[][] b = matrix(rows, 5);
    ProductSum gram = algebra.gram(d);
    ProductSum cross = algebra.product(5, d);
    for (int half = 0; half < 2; half++) {
      double[][] partA = half == 0 ? a : Arrays.copyOfRange(a, 20, rows);
      double[][] partB = half == 0 ? b : Arrays.copyOfRange(b, 20, rows);
      int count = half == 0 ? 20 : rows - 20;
      gram.add(partA, partA, count);
      cross.add(partB, partA, count);
    }
    assertClose(product(a, a), gram.values(), 1e-12 * rows);
    assertClose(product(b, a), cross.values(), 1e-12 * rows);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 31, 32, 33, 200})
  void solutionsFulfilTheirEquations(int d) {
    double[][] x = matrix(2 * d, d);
    double[][] a = product(x, x);
    double[][] b = matrix(19, d);
    double[][] solved = algebra.solve(a, b).orElseThrow();
    double[][] transposed = new double[d][19];
    for (int i = 0; i < 19; i++) {
      for (int j = 0; j < d; j++) {
        transposed[j][i] = solved[i][j];
      }
    }
    assertClose(b, product(transposed, a), 1e-7);
  }

  @Test
  void whatIsNotPositiveDefiniteHasNoSolution() {
    double[][] b = {{1, 1}};
    assertTrue(algebra.solve(new double[][] {{1, 2}, {2, 1}}, b).isEmpty());
    assertTrue(algebra.solve(new double[][] {{Double.NaN, 0}, {0, 1}}, b).isEmpty());
    assertTrue(algebra.solve(new double[2][2], b).isEmpty());
  }

  @Test
  void threadsChangeNothing() throws Exception {
    double[][] x = matrix(256, 300);
    double[][] b = matrix(40, 300);
    Callable<double[][]> work =
        () -> {
          ProductSum gram = algebra.gram(300);
          gram.add(x, x, 256);
          double[][] a = JavaLinearAlgebra.copy(gram.values());
          for (int i = 0; i < 300; i++) {
            a[i][i] += 1;
          }
          return algebra.solve(a, b).orElseThrow();
        };
    double[][] alone = on(1, work);
    for (int threads : new int[] {2, 5}) {
      assertTrue(Arrays.deepEquals(alone, on(threads, work)), threads + " threads");
    }
  }

  private static double[][] on(int threads, Callable<double[][]> work) throws Exception {
    ForkJoinPool pool = new ForkJoinPool(threads);
    try {
      return pool.submit(work).get();
    } finally {
      pool.shutdown();
    }
  }

  /** The definition: every matrix deflated in full, Y as it is. */
  private static int[] reference(List<double[][]> grams, List<double[][]> ys, int count) {
    int n = grams.get(0).length;
    List<double[][]> g = grams.stream().map(JavaLinearAlgebra::copy).toList();
    List<double[][]> y = ys.stream().map(JavaLinearAlgebra::copy).toList();
    boolean[] chosen = new boolean[n];
    int[] order = new int[count];
    for (int c = 0; c < count; c++) {
      int best = -1;
      double most = 0;
      for (int j = 0; j < n; j++) {
        double score = 0;
        for (int t = 0; t < g.size(); t++) {
          double original = grams.get(t)[j][j];
          double square = Arrays.stream(y.get(t)[j]).map(v -> v * v).sum();
          score +=
              g.get(t)[j][j] > 1e-8 * original ? square / (g.get(t)[j][j] + 1e-4 * original) : 0;
        }
        if (!chosen[j] && score > most) {
          best = j;
          most = score;
        }
      }
      order[c] = best;
      chosen[best] = true;
      for (int t = 0; t < g.size(); t++) {
        deflate(g.get(t), y.get(t), best);
      }
    }
    return order;
  }

  private static void deflate(double[][] g, double[][] y, int j) {
    double[] column = g[j].clone();
    double[] row = y[j].clone();
    for (int i = 0; i < g.length; i++) {
      for (int c = 0; c < g.length; c++) {
        g[i][c] -= column[i] * column[c] / column[j];
      }
      for (int c = 0; c < row.length; c++) {
        y[i][c] -= column[i] * row[c] / column[j];
      }
    }
  }

  @Test
  void selectionIsThatOfItsDefinition() {
    int n = 40;
    double[][] x = matrix(60, n);
    double[][] z = matrix(90, n);
    List<double[][]> grams = List.of(product(x, x), product(z, z));
    List<double[][]> ys = List.of(matrix(n, 7), matrix(n, 9));
    List<Reading> readings =
        List.of(reading(grams.get(0), ys.get(0)), reading(grams.get(1), ys.get(1)));
    assertArrayEquals(reference(grams, ys, 25), algebra.select(readings, 25));
  }

  private static Reading reading(double[][] gram, double[][] y) {
    double[][] transposed = new double[y[0].length][y.length];
    for (int i = 0; i < y.length; i++) {
      for (int j = 0; j < y[i].length; j++) {
        transposed[j][i] = y[i][j];
      }
    }
    return new Reading(gram, product(transposed, transposed));
  }

  @Test
  void copiesOfChosenNeuronsAndDeadOnesAreNotChosen() {
    double[][] x = matrix(30, 6);
    for (double[] row : x) {
      row[4] = 2 * row[1];
      row[5] = 0;
    }
    double[][] gram = product(x, x);
    int[] chosen = algebra.select(List.of(reading(gram, gram)), 6);
    assertEquals(4, chosen.length);
    assertTrue(Arrays.stream(chosen).noneMatch(j -> j == 5), Arrays.toString(chosen));
    int[] pivots = algebra.pivots(gram, new int[] {1}, 5);
    assertArrayEquals(new int[] {0, 2, 3}, Arrays.stream(pivots).sorted().toArray());
  }
}
