package org.otfuse.solver;

import java.util.Arrays;
import org.otfuse.InvalidInputException;
import org.otfuse.TransportReport;

/**
 * The linear transport problem on a dense cost: {@code min <C,T>} over couplings with marginals a
 * and b, by the network simplex. The method is that of Bonneel et al., "Displacement interpolation
 * using Lagrangian mass transport", ACM TOG 30 (2011): a spanning tree as basis and block search
 * for the entering arc. It differs in its {@linkplain GreedyStart start} and in that flows are
 * whole numbers and perturbed, see {@link Masses}: no pivot is degenerate, which rules out cycling.
 *
 * <p>A pivot looks at some {@code 2 sqrt(nm)} costs, or several times as many when candidates are
 * rare, see {@link BlockSearch}. Between sizes of 400 and 2048 random, clustered and trained
 * layers' costs took 4 to 24 pivots for each row and column; {@code c[i][j] = i * j} with equal
 * sizes and uniform marginals took up to 180. Memory: O(n+m) beside cost and plan. Columns
 * replicated to solve 800 to 400 as an assignment took two to three times as long, hence the one
 * path.
 *
 * <p>Thread safe: no state is kept between calls.
 */
public final class TransportSolver {
  /** Reduced costs count as 0 within this share of the largest cost. */
  private static final double TOLERANCE = 0x1p-42;

  /** Far above what was ever seen; rounded duals must not keep the search going for ever. */
  private static final long PIVOTS_PER_NODE = 10_000;

  private final CostMatrix cost;
  private final Masses masses;
  private final SpanningTree tree;
  private int pivots;
  private boolean optimal;

  private TransportSolver(CostMatrix cost, Masses masses) {
    this.cost = cost;
    this.masses = masses;
    this.tree = GreedyStart.tree(cost, masses);
  }

  /**
   * Finds an optimal vertex of the transport polytope: at most n+m-1 entries of the plan are not 0.
   * Its rows sum to a, its columns to b scaled to the sum of a. Among equally good vertices the
   * same one is returned every time.
   *
   * @param cost C [n,m], row-major, finite, of any sign; not changed
   * @param costOffset where C starts in {@code cost}
   * @param n the number of rows, 1 or above
   * @param m the number of columns, 1 or above
   * @param a row marginal [n], positive
   * @param aOffset where it starts in {@code a}
   * @param b column marginal [m], positive
   * @param bOffset where it starts in {@code b}
   * @param plan T [n,m], every entry written
   * @param planOffset where T starts in {@code plan}
   * @return the cost of the plan, whose mass is the sum of a, the number of pivots as iterations
   *     and the gap to the bound that the duals prove; not converged after 10,000 pivots for each
   *     row and column
   * @throws InvalidInputException if a cost is not finite, a mass is not finite or below 1e-30, a
   *     size is below 1 or an array is too short; nothing is written then
   */
  public static TransportReport solve(
      float[] cost,
      int costOffset,
      int n,
      int m,
      float[] a,
      int aOffset,
      float[] b,
      int bOffset,
      float[] plan,
      int planOffset) {
    CostMatrix matrix = CostMatrix.of(cost, costOffset, n, m);
    Masses masses = Masses.of(a, aOffset, n, b, bOffset, m);
    if (planOffset < 0 || n * m > plan.length - planOffset) {
      throw new InvalidInputException(
          "The plan [%d,%d] at offset %d does not lie inside an array of %d."
              .formatted(n, m, planOffset, plan.length));
    }
    TransportSolver solver = optimal(matrix, masses);
    double primal = solver.write(plan, planOffset);
    return new TransportReport(primal, solver.pivots, 0, primal - solver.dual(), solver.optimal);
  }

  /** Pivots until no arc has a negative reduced cost, or the limit is met. */
  static TransportSolver optimal(CostMatrix cost, Masses masses) {
    TransportSolver solver = new TransportSolver(cost, masses);
    SpanningTree tree = solver.tree;
    BlockSearch search = new BlockSearch(cost, tree.potential, TOLERANCE * cost.largestMagnitude());
    long limit = Math.min(Integer.MAX_VALUE, PIVOTS_PER_NODE * ((long) cost.n() + cost.m()));
    while (!solver.optimal && solver.pivots < limit) {
      if (search.advance()) {
        tree.pivot(search.row(), search.column(), cost.at(search.row(), search.column()));
        solver.pivots++;
      } else {
        solver.optimal = true;
      }
    }
    return solver;
  }

  /** Row potentials and then column potentials, [n+m]. */
  double[] potentials() {
    return tree.potential;
  }

  private double write(float[] plan, int offset) {
    int n = cost.n();
    int m = cost.m();
    Arrays.fill(plan, offset, offset + n * m, 0);
    double total = 0;
    for (int node = 0; node < n + m; node++) {
      int i = tree.arcRow(node);
      if (i >= 0) {
        int j = tree.arcColumn(node);
        double mass = masses.units(tree.arcFlow(node)) * masses.unit();
        plan[offset + i * m + j] = (float) mass;
        total += mass * cost.at(i, j);
      }
    }
    return total;
  }

  /** The dual objective with the largest row potentials that are feasible. */
  private double dual() {
    int n = cost.n();
    double[] v = Arrays.copyOfRange(tree.potential, n, n + cost.m());
    double total = 0;
    for (int i = 0; i < n; i++) {
      total += masses.units(masses.a()[i]) * cost.leastReduced(i, v);
    }
    for (int j = 0; j < v.length; j++) {
      total += masses.units(masses.b()[j]) * v[j];
    }
    return total * masses.unit();
  }
}
