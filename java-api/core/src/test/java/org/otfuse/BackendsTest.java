package org.otfuse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BackendsTest {
  @Test
  void everyBackEndHasAStatusInTheOrderOfAutomaticChoice() {
    assertEquals(
        List.of(BackendChoice.CUDA, BackendChoice.NATIVE, BackendChoice.ND4J, BackendChoice.JAVA),
        Backends.statuses().stream().map(BackendStatus::choice).toList());
  }

  @Test
  void aBackEndThatIsNotOnTheClassPathIsRefusedByName() {
    assertEquals(
        "The cuda back end is not on the class path; add the artifact otfuse-cuda.",
        assertThrows(BackendUnavailableException.class, () -> FusionEngine.open(BackendChoice.CUDA))
            .getMessage());
  }

  @Test
  void automaticChoiceFallsToJavaAndRecordsWhyItSkippedTheOthers() {
    try (FusionEngine engine = FusionEngine.open()) {
      assertEquals("java", engine.backend().name());
      assertEquals(3, engine.skipped().size());
      assertTrue(engine.skipped().stream().noneMatch(BackendStatus::usable));
    }
  }

  @Test
  void theFallToJavaIsToldInOneLineWithEveryReason() {
    assertEquals(
        "otfuse runs on plain Java, the slowest back end. native: There is none. nd4j: Nor this.",
        Backends.onPlainJava(
            List.of(
                new BackendStatus(BackendChoice.NATIVE, Optional.of("There is none."), "", ""),
                new BackendStatus(BackendChoice.ND4J, Optional.of("Nor this."), "", ""))));
  }
}
