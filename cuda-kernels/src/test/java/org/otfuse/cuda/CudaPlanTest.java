package org.otfuse.cuda;

import org.otfuse.BackendChoice;
import org.otfuse.testkit.PlanSuite;

/** Prepared fusions of the CUDA back end on the emulated device. */
@RequiresEmulator
class CudaPlanTest extends PlanSuite {
  CudaPlanTest() {
    super(BackendChoice.CUDA);
  }
}
