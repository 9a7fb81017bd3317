package org.otfuse.nd4j;

import org.bytedeco.openblas.presets.openblas_nolapack;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOpsHolder;
import org.otfuse.BackendChoice;
import org.otfuse.BackendUnavailableException;
import org.otfuse.spi.Backend;
import org.otfuse.spi.BackendProvider;
import org.otfuse.spi.BackendSettings;
import org.otfuse.spi.BundledLibraries;

/**
 * Opens the ND4J back end. It brings its own worker threads and therefore sets ND4J and OpenBLAS to
 * one thread a call; these two settings belong to the whole process.
 */
public final class Nd4jBackendProvider implements BackendProvider {
  /** Creates the provider; nothing native is touched. */
  public Nd4jBackendProvider() {}

  @Override
  public BackendChoice choice() {
    return BackendChoice.ND4J;
  }

  @Override
  public Backend open(BackendSettings settings) {
    BundledLibraries.open(); // before JavaCPP unpacks anything
    try {
      return load(settings);
    } catch (LinkageError | RuntimeException e) {
      throw new BackendUnavailableException(reason(e), e);
    }
  }

  private static Backend load(BackendSettings settings) {
    Nd4j.getEnvironment().setMaxThreads(1);
    NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(1);
    openblas_nolapack.blas_set_num_threads(1);
    float product = Blas.selfTest();
    if (product != 6f) {
      throw new IllegalStateException("OpenBLAS says that 2 times 3 is " + product);
    }
    return new Nd4jBackend(settings);
  }

  static String reason(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null && root.getCause() != root) {
      root = root.getCause();
    }
    return "ND4J's native code cannot be loaded here ("
        + root.getClass().getSimpleName()
        + ": "
        + String.valueOf(root.getMessage()).lines().findFirst().orElse("no message")
        + "), expected nd4j-native, javacpp and openblas for this platform on the class path.";
  }
}
