package org.otfuse.cuda;

import org.otfuse.BackendChoice;
import org.otfuse.testkit.FusionSuite;

/** Whole fusions by the CUDA back end on the emulated device. */
@RequiresEmulator
class CudaFusionTest extends FusionSuite {
  CudaFusionTest() {
    super(BackendChoice.CUDA);
  }
}
