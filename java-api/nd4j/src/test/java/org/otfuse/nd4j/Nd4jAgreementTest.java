package org.otfuse.nd4j;

import org.otfuse.BackendChoice;
import org.otfuse.testkit.AgreementSuite;

class Nd4jAgreementTest extends AgreementSuite {
  Nd4jAgreementTest() {
    super(BackendChoice.ND4J);
  }
}
