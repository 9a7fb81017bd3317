package org.otfuse.java;

import org.otfuse.testkit.BackendSuite;
import org.otfuse.testkit.OverlapChecks;

class JavaBackendTest extends BackendSuite implements OverlapChecks {
  JavaBackendTest() {
    super(new JavaBackendProvider());
  }
}
