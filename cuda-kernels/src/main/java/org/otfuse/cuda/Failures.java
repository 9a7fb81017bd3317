package org.otfuse.cuda;

import java.util.Locale;
import java.util.Set;

/** What an error of CUDA or cuBLAS means for the engine, and what its user can do. */
final class Failures {
  /**
   * Errors after which the process cannot use the GPU any more; see CUDA's driver_types.h and
   * cublas_api.h.
   */
  private static final Set<String> LOSING =
      Set.of(
          "cudaErrorDeviceUninitialized",
          "cudaErrorECCUncorrectable",
          "cudaErrorNvlinkUncorrectable",
          "cudaErrorContained",
          "cudaErrorIllegalAddress",
          "cudaErrorLaunchTimeout",
          "cudaErrorContextIsDestroyed",
          "cudaErrorAssert",
          "cudaErrorHardwareStackError",
          "cudaErrorIllegalInstruction",
          "cudaErrorMisalignedAddress",
          "cudaErrorInvalidAddressSpace",
          "cudaErrorInvalidPc",
          "cudaErrorLaunchFailure",
          "cudaErrorTensorMemoryLeak",
          "cudaErrorExternalDevice",
          "cudaErrorUnknown",
          "CUBLAS_STATUS_EXECUTION_FAILED",
          "CUBLAS_STATUS_INTERNAL_ERROR");

  private static final Set<String> MEMORY =
      Set.of("cudaErrorMemoryAllocation", "CUBLAS_STATUS_ALLOC_FAILED");

  private static final double KIB = 1024;

  private Failures() {}

  /** Whether the GPU is lost to this process. */
  static boolean losesDevice(String error) {
    return LOSING.contains(error);
  }

  static boolean isMemory(String error) {
    return MEMORY.contains(error);
  }

  /** The sentence for an error after which the engine works on. */
  static String passing(String error, String call) {
    return "CUDA failed with "
        + error
        + " in "
        + call
        + "; the engine can still be used, and otfuse backends --selftest tells whether the GPU"
        + " works.";
  }

  /** The sentence for an error after which nothing works any more. */
  static String losing(String error, String call) {
    return "CUDA failed with "
        + error
        + " in "
        + call
        + " and the GPU is lost to this process: close the engine and start the process again.";
  }

  /** The sentence for memory that could not be had. */
  static String memory(String error, String call, String asked, long free, long total) {
    return "CUDA failed with "
        + error
        + " in "
        + call
        + ": "
        + asked
        + " asked for, "
        + size(free)
        + " of "
        + size(total)
        + " free on the GPU; close buffers, or fuse fewer or smaller models at a time.";
  }

  /** Bytes for people. */
  static String size(long bytes) {
    if (bytes < KIB) {
      return bytes + " bytes";
    }
    double value = bytes / KIB;
    for (String unit : new String[] {"KiB", "MiB", "GiB"}) {
      if (value < KIB) {
        return String.format(Locale.ROOT, "%.1f %s", value, unit);
      }
      value /= KIB;
    }
    return String.format(Locale.ROOT, "%.1f TiB", value);
  }
}
