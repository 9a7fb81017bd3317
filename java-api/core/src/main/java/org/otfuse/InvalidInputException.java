package org.otfuse;

import org.jspecify.annotations.Nullable;

/** An argument, option, file or data set is not what it has to be; nothing was changed. */
public non-sealed class InvalidInputException extends OtfuseException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message one sentence: what was found, where, and what was expected
   */
  public InvalidInputException(String message) {
    this(message, null);
  }

  /**
   * Creates the exception with its cause.
   *
   * @param message one sentence: what was found, where, and what was expected
   * @param cause what led to it, or null
   */
  public InvalidInputException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
