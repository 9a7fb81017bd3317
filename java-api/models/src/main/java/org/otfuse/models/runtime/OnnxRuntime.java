package org.otfuse.models.runtime;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import java.util.Optional;
import org.otfuse.BackendUnavailableException;
import org.otfuse.UnsupportedModelException;

/**
 * Starts ONNX Runtime, quietly, once for the JVM; where it can't start, remembers why, since the
 * JVM gives the reason only the first time. Thread-safe.
 */
public final class OnnxRuntime {
  private static final OnnxRuntime STARTED = start();

  private final Optional<OrtEnvironment> environment;
  private final Optional<Throwable> failure;

  private OnnxRuntime(Optional<OrtEnvironment> environment, Optional<Throwable> failure) {
    this.environment = environment;
    this.failure = failure;
  }

  /**
   * The runtime; it is never closed.
   *
   * @return the environment of this JVM
   * @throws BackendUnavailableException if ONNX Runtime has no native code for this platform
   */
  public static OrtEnvironment get() {
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

  /**
   * Opens a model on the CPU provider.
   *
   * @param onnx the bytes of an ONNX file
   * @param name what messages call the model
   * @param threads how many threads one run uses, at least 1
   * @return the session, to be closed by the caller
   * @throws UnsupportedModelException if ONNX Runtime refuses the model
   * @throws BackendUnavailableException if ONNX Runtime has no native code for this platform
   */
  public static OrtSession session(byte[] onnx, String name, int threads) {
    OrtEnvironment environment = get();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(threads);
      // Threads that spin between runs take the cores from the other models of an ensemble.
      options.addConfigEntry("session.intra_op.allow_spinning", "0");
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      return environment.createSession(onnx, options);
    } catch (OrtException e) {
      throw new UnsupportedModelException(
          "model %s can't be loaded by ONNX Runtime: %s".formatted(name, sentence(e)), e);
    }
  }

  /** The first line of what ONNX Runtime says. */
  public static String sentence(OrtException e) {
    return e.getMessage().lines().findFirst().orElse(e.toString()).strip();
  }

  private static OnnxRuntime start() {
    try {
      return new OnnxRuntime(Optional.of(OnnxRuntimeStart.start()), Optional.empty());
    } catch (LinkageError | IllegalStateException e) {
      return new OnnxRuntime(Optional.empty(), Optional.of(e));
    }
  }
}
