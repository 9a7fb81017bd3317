package org.otfuse.natives;

import org.otfuse.BackendChoice;
import org.otfuse.spi.Backend;
import org.otfuse.spi.BackendProvider;
import org.otfuse.spi.BackendSettings;

/**
 * Opens the native back end. The system property {@code otfuse.native.library} names the library
 * file to load instead of the one on the class path; that file is loaded or opening fails. {@code
 * otfuse.native.isa} forces a code path: {@code avx512}, {@code avx2}, {@code neon} or {@code
 * scalar}.
 */
public final class NativeBackendProvider implements BackendProvider {
  /** For {@link java.util.ServiceLoader}. */
  public NativeBackendProvider() {}

  @Override
  public BackendChoice choice() {
    return BackendChoice.NATIVE;
  }

  @Override
  public Backend open(BackendSettings settings) {
    NativeLibrary.load();
    return NativeBackend.open(settings, System.getProperty("otfuse.native.isa", ""));
  }
}
