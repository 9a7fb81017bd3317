package org.otfuse.models.closedform;

import java.util.List;
import java.util.Optional;

/**
 * The numeric work of merging in closed form, all in float64. Matrices are arrays of rows. Results
 * do not depend on the number of threads.
 */
interface LinearAlgebra {
  /** A sum of products A'B over rows that come in panels. */
  interface ProductSum {
    /**
     * Adds a'b.
     *
     * @param a [rows,n]
     * @param b [rows,m]
     * @param rows how many rows of the panels count
     */
    void add(double[][] a, double[][] b, int rows);

    /** Ends the sum and gives it [n,m]; not a copy. */
    double[][] values();
  }

  /** Starts a sum of products [n,m] at 0. */
  ProductSum product(int n, int m);

  /** Starts a sum of products [d,d] of panels with themselves at 0. */
  ProductSum gram(int d);

  /**
   * Solves X A = B.
   *
   * @param a symmetric [d,d]; not changed
   * @param b [n,d]; not changed
   * @return X [n,d], or empty if A is not positive definite
   */
  Optional<double[][]> solve(double[][] a, double[][] b);

  /**
   * A tensor that neurons write and layers read.
   *
   * @param gram G [n,n]: products of what the neurons are on the samples
   * @param reads [n,n]: what all readers make of each neuron, Y Y' for Y = G times their weights
   */
  record Reading(double[][] gram, double[][] reads) {}

  /**
   * Selects neurons one after the other, each time the one that explains most of what is read, and
   * takes what it explains from the others (orthogonal least squares).
   *
   * @param readings at least one, all of the same n; not changed
   * @param count how many neurons at most
   * @return their indices in the order of choice; fewer where the rest explains nothing
   */
  int[] select(List<Reading> readings, int count);

  /**
   * Selects neurons by what is left of their own products after those that are chosen, largest
   * share first (pivoted Cholesky).
   *
   * @param gram G [n,n]; not changed
   * @param chosen neurons that are chosen already
   * @param count how many more at most
   * @return the indices of the others in the order of choice; fewer where nothing is left
   */
  int[] pivots(double[][] gram, int[] chosen, int count);
}
