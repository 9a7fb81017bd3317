package org.otfuse.nd4j;

import org.otfuse.BackendChoice;
import org.otfuse.testkit.CloseSuite;

class Nd4jCloseTest extends CloseSuite {
  Nd4jCloseTest() {
    super(BackendChoice.ND4J);
  }
}
