package org.otfuse.models;

import ai.onnxruntime.OrtEnvironment;
import java.util.Optional;
import org.otfuse.BackendUnavailableException;

/**
 * Starts ONNX Runtime, quietly, once for the JVM; where it can't start, remembers why, since the
 * JVM gives the reason only the first time.
 *
 * @param environment the runtime, or empty if it can't start here
 * @param failure why it can't
 */
record OnnxRuntime(Optional<OrtEnvironment> environment, Optional<Throwable> failure) {
  private static final OnnxRuntime STARTED = start();

  /** The runtime; it is never closed. */
  static OrtEnvironment get() {
    return STARTED.environment.orElseThrow(
        () -> {
          Throwable failure = STARTED.failure.orElseThrow();
          Throwable root = failure;
          while (root.getCause() != null) {
            root = root.getCause();
          }
          String platform = System.getProperty("os.name") + " " + System.getProperty("os.arch");
          return new BackendUnavailableException(
              "ONNX Runtime, which runs models for evaluation and calibration, can't start on %s"
                      .formatted(platform)
                  + " (features from weights need no run): "
                  + root.getMessage(),
              failure);
        });
  }

  private static OnnxRuntime start() {
    try {
      return new OnnxRuntime(Optional.of(OnnxRuntimeStart.start()), Optional.empty());
    } catch (LinkageError | IllegalStateException e) {
      return new OnnxRuntime(Optional.empty(), Optional.of(e));
    }
  }
}
