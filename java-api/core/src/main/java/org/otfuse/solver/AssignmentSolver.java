package org.otfuse.solver;

import java.nio.FloatBuffer;
import org.otfuse.InvalidInputException;
import org.otfuse.TransportReport;
import org.otfuse.numeric.SolverInput;
import org.otfuse.spi.Assignment;
import org.otfuse.spi.NeuronMap;

/**
 * The linear assignment problem on a dense square cost: which row takes which column, so that the
 * sum of the matched costs is least. After Jonker and Volgenant, "A shortest augmenting path
 * algorithm for dense and sparse linear assignment problems", Computing 38 (1987); Crouse, "On
 * implementing 2D rectangular assignment algorithms", IEEE TAES 52 (2016), describes the shortest
 * paths.
 *
 * <p>{@link DualReduction} matches most rows at about ten operations per cost; {@link
 * AugmentingPaths} matches the rest at O(n) per row that a path search visits, O(n^3) in all at
 * worst. Costs are read as they are, row by row; the duals and all sums are double, so that the
 * result is optimal to about 1e-12 of the largest cost. Memory: O(n) beside the cost.
 *
 * <p>How many rows reach the second stage decides the time: up to two in a hundred for random costs
 * and for the weights of two trained perceptrons, a tenth to a fifth for points in clusters, nearly
 * all for {@code c[i][j] = (i + 1) * (j + 1)} or a constant. A path search visits about one row
 * where few values occur, and was seen to visit up to half of the rows otherwise.
 *
 * <p>Thread safe: no state is kept between calls.
 */
public final class AssignmentSolver {
  private AssignmentSolver() {}

  /**
   * Finds a least-cost matching of n rows with n columns. Among equally good matchings the same one
   * is returned every time.
   *
   * @param cost C [n,n], row-major, finite, of any sign; not changed
   * @param offset where C starts in {@code cost}
   * @param n the number of rows and of columns, 1 or above
   * @return {@code source[j]} is the row matched with column j; the report has the mean matched
   *     cost, the number of rows that needed a shortest augmenting path as iterations, and the gap
   *     between the mean matched cost and the bound that the duals prove
   * @throws InvalidInputException if a cost is not finite, n is below 1 or C does not lie inside
   *     the array
   */
  public static Assignment solve(float[] cost, int offset, int n) {
    return assignment(match(CostMatrix.of(cost, offset, n, n)));
  }

  /**
   * The same, started from guesses of the column potentials: the nearer they are to optimal ones,
   * the fewer rows are left for the shortest augmenting paths. The result is optimal whatever the
   * guesses.
   *
   * @param cost C [n,n], row-major, finite, of any sign; not changed
   * @param offset where C starts in {@code cost}
   * @param n the number of rows and of columns, 1 or above
   * @param g the guesses [n], finite, in units of cost
   * @param gOffset where they start in {@code g}
   * @return as of {@link #solve(float[], int, int)}
   * @throws InvalidInputException if a cost or a guess is not finite, n is below 1 or C does not
   *     lie inside the array
   */
  public static Assignment solve(float[] cost, int offset, int n, float[] g, int gOffset) {
    Matching matching = new Matching(CostMatrix.of(cost, offset, n, n));
    FloatBuffer guesses = FloatBuffer.wrap(g, gOffset, n);
    SolverInput.single().requirePotentials("g", guesses);
    start(matching, guesses);
    int[] free = new int[n];
    int count = DualReduction.runFrom(matching, free);
    new AugmentingPaths(matching).match(free, count);
    return assignment(matching);
  }

  /**
   * Takes guesses over, the largest as 0: potentials are optimal up to a constant. Those of an
   * optimal matching differ by no more than the costs of a row do, so that no guess need be lower
   * than that, where it would swallow the costs' digits.
   */
  private static void start(Matching matching, FloatBuffer guesses) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int j = 0; j < matching.n; j++) {
      largest = Math.max(largest, guesses.get(guesses.position() + j));
    }
    double lowest = -2 * matching.cost.largestMagnitude();
    for (int j = 0; j < matching.n; j++) {
      matching.v[j] = Math.max(lowest, guesses.get(guesses.position() + j) - largest);
    }
  }

  private static Assignment assignment(Matching matching) {
    int n = matching.n;
    double primal = matching.cost() / n;
    double dual = (sum(matching.rowPotentials()) + sum(matching.v)) / n;
    return new Assignment(
        new NeuronMap.Hard(matching.rowOf, n),
        new TransportReport(primal, matching.augmentations, 0, primal - dual, true));
  }

  /** The optimal matching with the column potentials that prove it. */
  static Matching match(CostMatrix cost) {
    Matching matching = new Matching(cost);
    int[] free = new int[cost.n()];
    int count = DualReduction.run(matching, free);
    new AugmentingPaths(matching).match(free, count);
    return matching;
  }

  private static double sum(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum;
  }
}
