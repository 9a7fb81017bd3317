package org.otfuse.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.otfuse.testkit.BackendSuite;

/** The CUDA back end on the emulated device in the suite of all back ends. */
@RequiresEmulator
class CudaBackendTest extends BackendSuite {
  CudaBackendTest() {
    super(new EmulatedBackendProvider());
  }

  @Test
  void itIsNotCalledAsTheOneForUsers() {
    assertEquals("cuda-emulated", backend().name());
  }
}
