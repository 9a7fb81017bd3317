package org.otfuse.cuda;

import org.otfuse.BackendChoice;
import org.otfuse.BackendUnavailableException;
import org.otfuse.DeviceException;
import org.otfuse.spi.Backend;
import org.otfuse.spi.BackendProvider;
import org.otfuse.spi.BackendSettings;

/**
 * Opens the CUDA back end. The system property {@code otfuse.cuda.device} chooses the GPU by its
 * number; without it the first one that CUDA_VISIBLE_DEVICES leaves visible is taken.
 */
public final class CudaBackendProvider implements BackendProvider {
  /** For {@link java.util.ServiceLoader}. */
  public CudaBackendProvider() {}

  @Override
  public BackendChoice choice() {
    return BackendChoice.CUDA;
  }

  @Override
  public Backend open(BackendSettings settings) {
    return open(CudaLibrary.load(), settings);
  }

  /** Opens the back end on a driver that is loaded. */
  static Backend open(Driver driver, BackendSettings settings) {
    int device = Requirements.check(driver);
    try {
      return new CudaBackend(driver, device, settings);
    } catch (DeviceException e) {
      throw new BackendUnavailableException("The GPU cannot be used: " + e.getMessage(), e);
    }
  }
}
