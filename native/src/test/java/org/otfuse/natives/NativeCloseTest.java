package org.otfuse.natives;

import org.otfuse.BackendChoice;
import org.otfuse.testkit.CloseSuite;

/** Closing while the native back end works. */
@RequiresLibrary
class NativeCloseTest extends CloseSuite {
  NativeCloseTest() {
    super(BackendChoice.NATIVE);
  }
}
