package org.otfuse.cuda;

import java.util.function.UnaryOperator;
import org.otfuse.BackendChoice;
import org.otfuse.spi.Backend;
import org.otfuse.spi.BackendProvider;
import org.otfuse.spi.BackendSettings;

/** Opens the CUDA back end on the emulated device, in tests and there only. */
public final class EmulatedBackendProvider implements BackendProvider {
  private static UnaryOperator<Driver> wrapper = UnaryOperator.identity();

  /** For {@link java.util.ServiceLoader}. */
  public EmulatedBackendProvider() {}

  /** What stands before the driver of back ends that are opened from now on. */
  static void wrap(UnaryOperator<Driver> wrapper) {
    EmulatedBackendProvider.wrapper = wrapper;
  }

  @Override
  public BackendChoice choice() {
    return BackendChoice.CUDA;
  }

  @Override
  public Backend open(BackendSettings settings) {
    return CudaBackendProvider.open(wrapper.apply(new EmulatedDriver()), settings);
  }
}
