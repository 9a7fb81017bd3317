package org.otfuse.models.closedform;

import org.otfuse.InvalidInputException;

/**
 * How networks are merged in closed form.
 *
 * @param ridge of the refit of layers, relative to the mean square of their inputs; default 0.01
 * @param unmergeRidge of the regression of all neurons on those that are kept; default 0.001
 * @param positions output positions that a layer is refit on, at most, but not less than four times
 *     its inputs; default 16,384
 * @param selectionPositions positions that neurons are selected on, at most; default 16,384
 */
public record ClosedFormOptions(
    double ridge, double unmergeRidge, int positions, int selectionPositions) {
  /** The defaults. */
  public static final ClosedFormOptions DEFAULTS =
      new ClosedFormOptions(1e-2, 1e-3, 1 << 14, 1 << 14);

  /** Checks the ranges. */
  public ClosedFormOptions {
    requirePositive("ridge", ridge);
    requirePositive("unmergeRidge", unmergeRidge);
    requirePositive("positions", positions);
    requirePositive("selectionPositions", selectionPositions);
  }

  private static void requirePositive(String name, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new InvalidInputException(
          "Option %s is %s, expected a finite number above 0.".formatted(name, value));
    }
  }
}
