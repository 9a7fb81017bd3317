package org.otfuse;

/**
 * Settings of one log-domain Sinkhorn problem (Peyre and Cuturi 2019, section 4.4; unbalanced:
 * Chizat et al. 2018).
 *
 * @param epsilon entropic regularisation relative to the mean cost: the absolute value is {@code
 *     epsilon * mean(C)}; 1e-6 to 1000
 * @param tolerance stop when the L1 violation of the row marginal is at most this, 0 or more, the
 *     columns holding; checked at least every 10 iterations. Unbalanced problems have no marginals
 *     to hold; they stop when an iteration changes no potential by more than this times the
 *     absolute epsilon
 * @param maxIterations stop unconverged after so many iterations, 1 or more
 * @param tau weight of the Kullback-Leibler penalty on both marginals in units of cost, 1e-60 to
 *     1e60; positive infinity holds the marginals exactly
 * @param warmStart start from the potentials that the problem's buffers hold; in a {@link
 *     FusionPlan} from those of the previous call, where the back end keeps them; ignored by other
 *     fusions
 * @param annealing factor of at least 0 and below 1 by which epsilon comes down to its value from
 *     one iteration to the next of a cold start (epsilon scaling, Schmitzer 2019, section 3.2):
 *     iteration k = 1, 2, ... works with {@code max(epsilon, annealing^k) * mean(C)}, see {@link
 *     #epsilonAt}. These iterations count towards maxIterations and in the report; the stopping
 *     rule is applied after iterations with the final epsilon only. 0 anneals nothing
 */
public record SinkhornSettings(
    double epsilon,
    double tolerance,
    int maxIterations,
    double tau,
    boolean warmStart,
    double annealing) {
  /** Balanced, epsilon 0.01, tolerance 1e-4, at most 10000 iterations, cold start, no annealing. */
  public static final SinkhornSettings DEFAULTS =
      new SinkhornSettings(0.01, 1e-4, 10_000, Double.POSITIVE_INFINITY, false);

  private static final double LEAST_EPSILON = 1e-6;
  private static final double MOST_EPSILON = 1e3;
  private static final double LEAST_TAU = 1e-60;
  private static final double MOST_TAU = 1e60;

  /** Checks the ranges. */
  public SinkhornSettings {
    if (!(epsilon >= LEAST_EPSILON && epsilon <= MOST_EPSILON)) {
      throw new InvalidInputException(
          "epsilon is %s, expected %s to %s.".formatted(epsilon, LEAST_EPSILON, MOST_EPSILON));
    }
    if (!(tolerance >= 0 && tolerance < Double.POSITIVE_INFINITY)) {
      throw new InvalidInputException(
          "tolerance is " + tolerance + ", expected a finite number of 0 or above.");
    }
    if (maxIterations < 1) {
      throw new InvalidInputException(
          "maxIterations is " + maxIterations + ", expected 1 or above.");
    }
    if (!(tau >= LEAST_TAU && (tau <= MOST_TAU || tau == Double.POSITIVE_INFINITY))) {
      throw new InvalidInputException(
          "tau is %s, expected %s to %s or infinity.".formatted(tau, LEAST_TAU, MOST_TAU));
    }
    if (!(annealing >= 0 && annealing < 1)) {
      throw new InvalidInputException(
          "annealing is " + annealing + ", expected a factor of at least 0 and below 1.");
    }
  }

  /**
   * Settings without annealing.
   *
   * @param epsilon regularisation relative to the mean cost
   * @param tolerance of the stopping rule
   * @param maxIterations limit
   * @param tau penalty weight, or positive infinity
   * @param warmStart whether to start from the potentials that are there
   */
  public SinkhornSettings(
      double epsilon, double tolerance, int maxIterations, double tau, boolean warmStart) {
    this(epsilon, tolerance, maxIterations, tau, warmStart, 0);
  }

  /**
   * The relative epsilon that an iteration works with: {@code max(epsilon, annealing^iteration)}
   * from a cold start; epsilon itself from a warm start, whose potentials annealing would lose, and
   * in the last iteration that maxIterations allows, so that the columns always hold at the end.
   *
   * @param iteration counted from 1
   * @return the value relative to the mean cost
   */
  public double epsilonAt(int iteration) {
    boolean last = iteration >= maxIterations;
    return warmStart || last ? epsilon : Math.max(epsilon, Math.pow(annealing, iteration));
  }

  /**
   * The same with another epsilon.
   *
   * @param value the relative epsilon
   * @return the changed settings
   */
  public SinkhornSettings withEpsilon(double value) {
    return new SinkhornSettings(value, tolerance, maxIterations, tau, warmStart, annealing);
  }

  /**
   * The same with another tau.
   *
   * @param value the penalty weight, or positive infinity
   * @return the changed settings
   */
  public SinkhornSettings withTau(double value) {
    return new SinkhornSettings(epsilon, tolerance, maxIterations, value, warmStart, annealing);
  }

  /**
   * The same with another annealing.
   *
   * @param value the factor, 0 for none
   * @return the changed settings
   */
  public SinkhornSettings withAnnealing(double value) {
    return new SinkhornSettings(epsilon, tolerance, maxIterations, tau, warmStart, value);
  }

  /**
   * The same from a cold start.
   *
   * @return the changed settings
   */
  public SinkhornSettings cold() {
    return new SinkhornSettings(epsilon, tolerance, maxIterations, tau, false, annealing);
  }

  /**
   * The same from a warm start.
   *
   * @return the changed settings
   */
  public SinkhornSettings warm() {
    return new SinkhornSettings(epsilon, tolerance, maxIterations, tau, true, annealing);
  }

  /**
   * Tells whether the marginals are held exactly.
   *
   * @return true unless tau is finite
   */
  public boolean balanced() {
    return tau == Double.POSITIVE_INFINITY;
  }
}
