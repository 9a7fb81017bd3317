package org.otfuse.selftest;

import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.otfuse.FusionEngine;

/**
 * One check of a self-test.
 *
 * @param name what is computed
 * @param error computes it and tells how far off it is
 * @param tolerance the most that this may be
 */
record SelfTestCheck(String name, ToDoubleFunction<FusionEngine> error, double tolerance) {
  BackendSelfTest.Check run(FusionEngine engine) {
    try {
      double off = error.applyAsDouble(engine);
      return new BackendSelfTest.Check(
          name,
          off <= tolerance,
          String.format(Locale.ROOT, "off by %.1e, allowed %.0e", off, tolerance));
    } catch (RuntimeException e) {
      return new BackendSelfTest.Check(name, false, String.valueOf(e.getMessage()));
    }
  }
}
