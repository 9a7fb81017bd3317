package org.otfuse;

/** A back end opened here but computed something wrong; the message says what. */
public final class SelfTestException extends BackendUnavailableException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception with its cause.
   *
   * @param message one sentence: what was found, where, and what was expected
   * @param cause what led to it, or null
   */
  public SelfTestException(String message, Throwable cause) {
    super(message, cause);
  }
}
