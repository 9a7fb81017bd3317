package org.otfuse.models.runtime;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtLoggingLevel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Starts ONNX Runtime on a thread with a stack of its own: at its start version 1.29 matches the
 * command line of the process with a regular expression that recurses for each character, and on a
 * usual stack the process dies if there are some 4,000 of them, as with many model files.
 */
final class OnnxRuntimeStart {
  private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");
  private static final long LEAST_STACK = 1 << 20;
  private static final long STACK_PER_CHARACTER = 1024;

  private OnnxRuntimeStart() {}

  /**
   * Starts the runtime.
   *
   * @return the environment
   * @throws LinkageError if there is no native code for this platform
   * @throws IllegalStateException if the native code fails
   */
  static OrtEnvironment start() {
    AtomicReference<OrtEnvironment> started = new AtomicReference<>();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Thread starter =
        new Thread(null, () -> start(started, failure), "otfuse-onnxruntime", stackBytes());
    starter.start();
    join(starter);
    if (failure.get() instanceof LinkageError e) {
      throw e;
    }
    if (failure.get() != null) {
      throw new IllegalStateException(failure.get());
    }
    return started.get();
  }

  private static void start(
      AtomicReference<OrtEnvironment> started, AtomicReference<Throwable> failure) {
    try {
      started.set(
          OnnxRuntimeLibraries.provide(
              () ->
                  OrtEnvironment.getEnvironment(
                      OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "otfuse")));
    } catch (LinkageError | RuntimeException e) {
      failure.set(e);
    }
  }

  private static void join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static long stackBytes() {
    try {
      return LEAST_STACK + STACK_PER_CHARACTER * Files.readAllBytes(COMMAND_LINE).length;
    } catch (IOException e) {
      return LEAST_STACK;
    }
  }
}
