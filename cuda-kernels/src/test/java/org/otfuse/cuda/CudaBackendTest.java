package org.otfuse.cuda;

import org.otfuse.testkit.BackendSuite;

/** The CUDA back end on the emulated device in the suite of all back ends. */
@RequiresEmulator
class CudaBackendTest extends BackendSuite {
  CudaBackendTest() {
    super(new EmulatedBackendProvider());
  }
}
