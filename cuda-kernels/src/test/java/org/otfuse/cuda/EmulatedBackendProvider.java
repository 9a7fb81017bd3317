package org.otfuse.cuda;

import org.otfuse.BackendChoice;
import org.otfuse.spi.Backend;
import org.otfuse.spi.BackendProvider;
import org.otfuse.spi.BackendSettings;

/** Opens the CUDA back end on the emulated device, in tests and there only. */
public final class EmulatedBackendProvider implements BackendProvider {
  /** For {@link java.util.ServiceLoader}. */
  public EmulatedBackendProvider() {}

  @Override
  public BackendChoice choice() {
    return BackendChoice.CUDA;
  }

  @Override
  public Backend open(BackendSettings settings) {
    return CudaBackendProvider.open(new EmulatedDriver(), settings);
  }
}
