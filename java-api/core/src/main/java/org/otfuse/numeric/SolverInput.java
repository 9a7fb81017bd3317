package org.otfuse.numeric;

import java.nio.FloatBuffer;
import org.otfuse.InvalidInputException;

/**
 * What every solver of transport problems asks of its input: costs and potentials that are finite,
 * masses of at least {@link #SMALLEST_MASS}. With those no solver meets a value that its loops do
 * not end for. Costs, masses and potentials are named as in the task: C [n,m], a and f of the rows,
 * b and g of the columns.
 */
public final class SolverInput {
  /** The smallest mass; sums, quotients and logarithms of such masses stay inside float32. */
  public static final float SMALLEST_MASS = 1e-30f;

  private final String where;

  private SolverInput(String where) {
    this.where = where;
  }

  /**
   * The input of the only problem.
   *
   * @return checks whose messages name no problem
   */
  public static SolverInput single() {
    return new SolverInput("");
  }

  /**
   * The input of a problem of a batch.
   *
   * @param index its index, which messages name
   * @return the checks
   */
  public static SolverInput ofProblem(int index) {
    return new SolverInput(" of problem " + index);
  }

  /**
   * Checks all costs.
   *
   * @param costs row-major [n,m]
   * @param m the number of columns
   * @throws InvalidInputException if one is not finite
   */
  public void requireCosts(FloatBuffer costs, int m) {
    requireCosts(costs, 0, m);
  }

  /**
   * Checks the costs of some rows.
   *
   * @param costs row-major [rows,m]
   * @param firstRow the index of the first of them
   * @param m the number of columns
   * @throws InvalidInputException if one is not finite
   */
  public void requireCosts(FloatBuffer costs, int firstRow, int m) {
    int at = FiniteValues.firstNotFinite(costs);
    if (at >= 0) {
      throw refusal("Cost [%d,%d]".formatted(firstRow + at / m, at % m), value(costs, at), "");
    }
  }

  /**
   * Checks masses.
   *
   * @param side a or b
   * @param masses one a neuron
   * @throws InvalidInputException if one is not finite or below {@link #SMALLEST_MASS}
   */
  public void requireMasses(String side, FloatBuffer masses) {
    for (int k = 0; k < masses.remaining(); k++) {
      float mass = value(masses, k);
      if (!(mass >= SMALLEST_MASS && mass <= Float.MAX_VALUE)) {
        boolean tiny = mass > 0 && mass < SMALLEST_MASS;
        throw refusal(
            "Mass %s[%d]".formatted(side, k),
            mass,
            tiny ? " of at least " + SMALLEST_MASS : " above 0");
      }
    }
  }

  /**
   * Checks potentials to start from.
   *
   * @param side f or g
   * @param potentials one a neuron
   * @throws InvalidInputException if one is not finite
   */
  public void requirePotentials(String side, FloatBuffer potentials) {
    int at = FiniteValues.firstNotFinite(potentials);
    if (at >= 0) {
      throw refusal("Potential %s[%d]".formatted(side, at), value(potentials, at), "");
    }
  }

  private static float value(FloatBuffer values, int index) {
    return values.get(values.position() + index);
  }

  private InvalidInputException refusal(String what, float found, String more) {
    return new InvalidInputException(
        "%s%s is %s, expected a finite number%s.".formatted(what, where, found, more));
  }
}
