package org.otfuse.benchmarks;

/** A back end's result failed its check; the trial is not timed. */
final class WrongResultException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  WrongResultException(String message) {
    super(message);
  }

  /** Throws unless the value is within the tolerance of what was expected. */
  static void unlessClose(String what, double found, double expected, double tolerance) {
    if (!(Math.abs(found - expected) <= tolerance)) {
      throw new WrongResultException(
          "%s is %.9g, expected %.9g within %.2g".formatted(what, found, expected, tolerance));
    }
  }
}
