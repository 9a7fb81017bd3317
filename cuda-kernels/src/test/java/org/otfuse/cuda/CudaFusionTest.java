package org.otfuse.cuda;

import org.junit.jupiter.api.Tag;
import org.otfuse.BackendChoice;
import org.otfuse.testkit.FusionSuite;

/** Whole fusions by the CUDA back end on the emulated device. */
@Tag("long")
@RequiresEmulator
class CudaFusionTest extends FusionSuite {
  CudaFusionTest() {
    super(BackendChoice.CUDA);
  }
}
