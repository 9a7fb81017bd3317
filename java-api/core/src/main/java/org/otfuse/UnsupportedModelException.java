package org.otfuse;

import org.jspecify.annotations.Nullable;

/** A well-formed model uses something that otfuse cannot work with. */
public final class UnsupportedModelException extends OtfuseException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message one sentence: what was found, where, and what was expected
   */
  public UnsupportedModelException(String message) {
    this(message, null);
  }

  /**
   * Creates the exception with its cause.
   *
   * @param message one sentence: what was found, where, and what was expected
   * @param cause what led to it, or null
   */
  public UnsupportedModelException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
