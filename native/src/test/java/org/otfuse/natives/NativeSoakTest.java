package org.otfuse.natives;

import org.otfuse.BackendChoice;
import org.otfuse.testkit.SoakSuite;

/** The native back end used for a long time. */
@RequiresLibrary
class NativeSoakTest extends SoakSuite {
  NativeSoakTest() {
    super(BackendChoice.NATIVE);
  }
}
