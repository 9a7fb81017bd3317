package org.otfuse.cuda;

import org.junit.jupiter.api.Tag;
import org.otfuse.BackendChoice;
import org.otfuse.testkit.PlanSuite;

/** Prepared fusions of the CUDA back end on the emulated device. */
@Tag("long")
@RequiresEmulator
class CudaPlanTest extends PlanSuite {
  CudaPlanTest() {
    super(BackendChoice.CUDA);
  }
}
