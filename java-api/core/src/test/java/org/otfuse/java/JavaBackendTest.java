package org.otfuse.java;

import org.otfuse.testkit.BackendSuite;

class JavaBackendTest extends BackendSuite {
  JavaBackendTest() {
    super(new JavaBackendProvider());
  }
}
