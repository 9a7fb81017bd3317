package org.otfuse.nd4j;

import org.otfuse.BackendChoice;
import org.otfuse.testkit.SoakSuite;

class Nd4jSoakTest extends SoakSuite {
  Nd4jSoakTest() {
    super(BackendChoice.ND4J);
  }
}
