package org.otfuse.cli;

/** A result that is right but not what was demanded of it; the message is one sentence. */
final class RefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  RefusedException(String message) {
    super(message);
  }
}
