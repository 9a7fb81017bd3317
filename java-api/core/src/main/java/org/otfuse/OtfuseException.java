package org.otfuse;

import org.jspecify.annotations.Nullable;

/** The root of all exceptions that otfuse throws on purpose; the message is one sentence. */
public abstract sealed class OtfuseException extends RuntimeException
    permits InvalidInputException,
        UnsupportedModelException,
        BackendUnavailableException,
        DeviceException,
        FusionCancelledException {
  private static final long serialVersionUID = 1L;

  OtfuseException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
