package org.otfuse.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Test;
import org.otfuse.BackendUnavailableException;
import org.otfuse.spi.BackendSettings;

/** What a user reads where libraries are missing. */
class CudaLibraryTest {
  private static final String NO_DRIVER =
      "There is no NVIDIA driver on this machine (libcuda.so.1 was not found); the cuda back end"
          + " needs a GPU and driver 580 or newer.";

  @Test
  void openingWithoutADriverSaysSoEveryTime() {
    assumeFalse(Files.exists(Path.of("/proc/driver/nvidia/version")));
    assumeFalse(!Loader.getPlatform().equals("linux-x86_64"));
    for (int call = 0; call < 2; call++) {
      assertEquals(
          NO_DRIVER,
          assertThrows(
                  BackendUnavailableException.class,
                  () -> new CudaBackendProvider().open(BackendSettings.DEFAULTS))
              .getMessage());
    }
  }

  @Test
  void presetsThatMissTheDriverMeanThatThereIsNone() {
    LinkageError named = new UnsatisfiedLinkError("no jnicudart in java.library.path: /usr/lib");
    named.initCause(
        new UnsatisfiedLinkError(
            "/cache/libjnicudart.so: libcuda.so.1: cannot open shared object file"));
    assertEquals(NO_DRIVER, CudaLibrary.toolkitProblem(named, "the CUDA runtime", m -> true));
  }

  @Test
  void aMissingToolkitIsNamedWithItsFile() {
    LinkageError named =
        new UnsatisfiedLinkError(
            "/cache/libjnicublas.so: libcublas.so.13: cannot open shared object file");
    assertEquals(
        "The libraries of CUDA 13 cannot be loaded: cuBLAS is needed (libcublas.so.13: cannot open"
            + " shared object file); install CUDA 13 and put its lib64 folder on LD_LIBRARY_PATH.",
        CudaLibrary.toolkitProblem(named, "cuBLAS", major -> false));
  }

  @Test
  void anotherMajorVersionOfCudaIsNamed() {
    LinkageError named =
        new UnsatisfiedLinkError(
            "/cache/libjnicudart.so: libcudart.so.13: cannot open shared object file");
    assertEquals(
        "The libraries of CUDA 13 cannot be loaded, found CUDA 12: the CUDA runtime is needed"
            + " (libcudart.so.13: cannot open shared object file); install CUDA 13 and put its"
            + " lib64 folder on LD_LIBRARY_PATH.",
        CudaLibrary.toolkitProblem(named, "the CUDA runtime", major -> major == 12));
  }

  @Test
  void theBackEndOnTheRealDriverIsCalledCuda() {
    assertEquals("cuda", new PresetDriver().backendName());
  }
}
