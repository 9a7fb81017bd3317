package org.otfuse.cli;

import org.junit.jupiter.api.Tag;
import org.otfuse.BackendChoice;

@Tag("long")
class JavaFuseAccuracyTest extends FuseAccuracyTest {
  JavaFuseAccuracyTest() {
    super(BackendChoice.JAVA);
  }
}
