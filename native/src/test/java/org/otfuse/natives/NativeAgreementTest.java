package org.otfuse.natives;

import org.otfuse.BackendChoice;
import org.otfuse.testkit.AgreementSuite;

/** The native back end against plain Java. */
@RequiresLibrary
class NativeAgreementTest extends AgreementSuite {
  NativeAgreementTest() {
    super(BackendChoice.NATIVE);
  }
}
