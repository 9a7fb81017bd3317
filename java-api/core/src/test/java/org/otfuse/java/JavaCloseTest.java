package org.otfuse.java;

import org.otfuse.BackendChoice;
import org.otfuse.testkit.CloseSuite;

class JavaCloseTest extends CloseSuite {
  JavaCloseTest() {
    super(BackendChoice.JAVA);
  }
}
