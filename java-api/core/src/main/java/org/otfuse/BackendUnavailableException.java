package org.otfuse;

import org.jspecify.annotations.Nullable;

/** The back end that was asked for cannot run here; the message says why and what to do. */
public sealed class BackendUnavailableException extends OtfuseException permits SelfTestException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message one sentence: what was found, where, and what was expected
   */
  public BackendUnavailableException(String message) {
    this(message, null);
  }

  /**
   * Creates the exception with its cause.
   *
   * @param message one sentence: what was found, where, and what was expected
   * @param cause what led to it, or null
   */
  public BackendUnavailableException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
