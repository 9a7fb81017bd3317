package org.otfuse.benchmarks;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Speed in the unit that people compare.
 *
 * @param value units a second
 * @param unit for example {@code GFLOP/s}
 * @param counter the counter that it is, whose namesake is a limit; empty where none limits it
 */
record Rate(double value, String unit, String counter) {
  private static final Map<String, String> UNITS =
      Map.of("gigaflop", "GFLOP/s", "gigaexp", "G exp/s", "gigabyte", "GB/s");
  private static final List<String> LIMITED = List.of("gigaflop", "gigaexp", "gigabyte");
  private static final Case LIMITS = Case.of("LimitsSuite.limits");
  private static final String FUSIONS = "FusionSuite";
  private static final String FILES = "FileSuite";

  /** The rate of a measurement; empty for one of durations. */
  static Optional<Rate> of(Case what, Measurement measurement) {
    if (!measurement.isThroughput()) {
      return Optional.empty();
    }
    for (String counter : LIMITED) {
      if (measurement.counter(counter) > 0) {
        String limit = what.suite().equals(FILES) ? "" : counter;
        return Optional.of(new Rate(measurement.counter(counter), UNITS.get(counter), limit));
      }
    }
    double problems = measurement.counter("problems");
    return Optional.of(
        problems > 0
            ? new Rate(problems, "problems/s", "")
            : new Rate(
                measurement.mean(), what.suite().equals(FUSIONS) ? "fusions/s" : "op/s", ""));
  }

  /** The limits that hold for a back end: its own, or those that a CPU back end measured. */
  static Optional<Measurement> limits(Results results, String backend) {
    Optional<Measurement> own = results.of(LIMITS, backend);
    return own.isPresent() || backend.equals("cuda") ? own : results.of(LIMITS, "native");
  }

  static boolean isLimit(Case what) {
    return what.equals(LIMITS);
  }

  /** The share of the machine's limit, 1 for all of it. */
  OptionalDouble share(Results results, String backend) {
    double limit =
        counter.isEmpty() ? 0 : limits(results, backend).map(l -> l.counter(counter)).orElse(0.0);
    return limit > 0 ? OptionalDouble.of(value / limit) : OptionalDouble.empty();
  }

  @Override
  public String toString() {
    return number(value) + " " + unit;
  }

  /** Three significant digits. */
  static String number(double value) {
    double size = Math.abs(value);
    int digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }
}
