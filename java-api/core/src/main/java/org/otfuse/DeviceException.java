package org.otfuse;

import org.jspecify.annotations.Nullable;

/** A back end failed while it worked: a device error, or memory that could not be had. */
public final class DeviceException extends OtfuseException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message one sentence: what was found, where, and what was expected
   */
  public DeviceException(String message) {
    this(message, null);
  }

  /**
   * Creates the exception with its cause.
   *
   * @param message one sentence: what was found, where, and what was expected
   * @param cause what led to it, or null
   */
  public DeviceException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
