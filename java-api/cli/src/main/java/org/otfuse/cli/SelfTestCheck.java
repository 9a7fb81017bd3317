package org.otfuse.cli;

import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.otfuse.FusionEngine;

/**
 * One check of {@code otfuse backends --selftest}.
 *
 * @param name what is computed
 * @param error computes it and tells how far off it is
 * @param tolerance the most that this may be
 */
record SelfTestCheck(String name, ToDoubleFunction<FusionEngine> error, double tolerance) {
  /** How a check went; the detail is the error beside the tolerance, or why there is none. */
  record Outcome(boolean passed, String detail) {}

  Outcome run(FusionEngine engine) {
    try {
      double off = error.applyAsDouble(engine);
      return new Outcome(
          off <= tolerance,
          String.format(Locale.ROOT, "off by %.1e, allowed %.0e", off, tolerance));
    } catch (RuntimeException e) {
      return new Outcome(false, String.valueOf(e.getMessage()));
    }
  }
}
