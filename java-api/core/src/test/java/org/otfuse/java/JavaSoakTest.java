package org.otfuse.java;

import org.otfuse.BackendChoice;
import org.otfuse.testkit.SoakSuite;

class JavaSoakTest extends SoakSuite {
  JavaSoakTest() {
    super(BackendChoice.JAVA);
  }
}
