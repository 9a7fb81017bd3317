package org.otfuse;

/**
 * Thrown out of a call that its {@link Progress} or an interruption of its thread stopped. What the
 * call held is freed and nothing else has changed: engine, plan and models can be used on.
 */
public final class FusionCancelledException extends OtfuseException {
  private static final long serialVersionUID = 1L;

  /**
   * A call that was stopped.
   *
   * @param message who stopped it
   */
  public FusionCancelledException(String message) {
    super(message, null);
  }
}
