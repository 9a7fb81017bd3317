package org.otfuse.cuda;

import java.net.URL;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Loader;
import org.otfuse.BackendUnavailableException;
import org.otfuse.cuda.abi.OtfuseCuda;
import org.otfuse.spi.BundledLibraries;

/** Loads the driver's library, CUDA's and our own, or says in one sentence what is missing. */
final class CudaLibrary {
  static final String NAME = "jniotfusecuda-" + OtfuseCuda.OTC_VERSION;

  private static final String PLATFORM = "linux-x86_64";
  private static final String DRIVER_FILE = "libcuda.so.1";

  /** The major version of CUDA that the back end is for, and the others that may be installed. */
  static final int CUDA = 13;

  private static final int OLDEST = 10;
  private static final int NEWEST = 16;

  private CudaLibrary() {}

  /**
   * Loads everything.
   *
   * @throws BackendUnavailableException if something is missing
   */
  static Driver load() {
    if (!Loader.getPlatform().equals(PLATFORM)) {
      throw new BackendUnavailableException(
          "The cuda back end runs on "
              + PLATFORM
              + ", but this platform is "
              + Loader.getPlatform()
              + ".");
    }
    BundledLibraries libraries = BundledLibraries.open(); // before JavaCPP unpacks its own library
    loadDriver();
    URL kernels = libraries.extract(bundled());
    loadToolkit(cudart.class, "the CUDA runtime");
    loadToolkit(cublas.class, "cuBLAS");
    load(kernels);
    return new PresetDriver();
  }

  /** Asked for by itself because that is quick; CUDA's own libraries would also fail without it. */
  private static void loadDriver() {
    try {
      Loader.loadGlobal(DRIVER_FILE);
    } catch (LinkageError e) {
      throw new BackendUnavailableException(noDriver(), e);
    }
  }

  private static String noDriver() {
    return "There is no NVIDIA driver on this machine ("
        + DRIVER_FILE
        + " was not found); the cuda back end needs a GPU and driver 580 or newer.";
  }

  private static void loadToolkit(Class<?> preset, String what) {
    try {
      Loader.load(preset);
    } catch (LinkageError e) {
      throw new BackendUnavailableException(toolkitProblem(e, what, CudaLibrary::installed), e);
    }
  }

  /** Whether there is a CUDA runtime of that major version. */
  private static boolean installed(int major) {
    try {
      Loader.loadGlobal("libcudart.so." + major);
      return true;
    } catch (LinkageError e) {
      return false;
    }
  }

  /**
   * What a failed load of CUDA's libraries means: they name the file that was not found.
   *
   * @param installed which major versions of CUDA there are
   */
  static String toolkitProblem(LinkageError e, String what, IntPredicate installed) {
    String reason = reason(e);
    if (reason.contains(DRIVER_FILE)) {
      return noDriver();
    }
    String others =
        IntStream.rangeClosed(OLDEST, NEWEST)
            .filter(major -> major != CUDA && installed.test(major))
            .mapToObj(major -> "CUDA " + major)
            .collect(Collectors.joining(" and "));
    return "The libraries of CUDA 13 cannot be loaded"
        + (others.isEmpty() ? ": " : ", found " + others + ": ")
        + what
        + " is needed ("
        + reason
        + "); install CUDA 13 and put its lib64 folder on LD_LIBRARY_PATH.";
  }

  /** The first line of the innermost message. */
  private static String reason(Throwable e) {
    Throwable cause = e;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String message = String.valueOf(cause.getMessage()).lines().findFirst().orElse("no message");
    int folder = message.indexOf(": ");
    return folder < 0 ? message : message.substring(folder + 2);
  }

  private static URL bundled() {
    String file = PLATFORM + "/" + System.mapLibraryName(NAME);
    URL url = CudaLibrary.class.getResource(file);
    if (url == null) {
      throw new BackendUnavailableException(
          "The CUDA kernels were not built: there is no org/otfuse/cuda/"
              + file
              + " on the class path; the build makes it where there is nvcc of CUDA 13.");
    }
    return url;
  }

  /** Loads our library from a place. */
  static void load(URL url) {
    try {
      Loader.loadLibrary(OtfuseCuda.class, new URL[] {url}, NAME);
      String version = OtfuseCuda.otc_version().getString();
      if (!version.equals(OtfuseCuda.OTC_VERSION)) {
        throw new BackendUnavailableException(
            "The CUDA kernels are version "
                + version
                + ", expected version "
                + OtfuseCuda.OTC_VERSION
                + ".");
      }
    } catch (LinkageError e) {
      throw new BackendUnavailableException(
          "The CUDA kernels cannot be loaded (" + reason(e) + ").", e);
    }
  }
}
