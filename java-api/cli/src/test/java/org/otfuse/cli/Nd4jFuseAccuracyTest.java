package org.otfuse.cli;

import org.junit.jupiter.api.Tag;
import org.otfuse.BackendChoice;

@Tag("long")
class Nd4jFuseAccuracyTest extends FuseAccuracyTest {
  Nd4jFuseAccuracyTest() {
    super(BackendChoice.ND4J);
  }
}
