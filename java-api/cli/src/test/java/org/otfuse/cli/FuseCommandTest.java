package org.otfuse.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.otfuse.models.OnnxModel;

class FuseCommandTest extends TwoMlps {
  @Test
  void theJsonReportHasTheDocumentedKeys() {
    JsonObject report =
        CommandRun.of("fuse", a, b, "-o", fused, "--backend", "java", "--json").json();
    assertEquals(
        Set.of(
            "backend",
            "anchor",
            "weights",
            "merge",
            "correction",
            "seconds",
            "groups",
            "selection",
            "layers",
            "accuracy",
            "warnings",
            "alignment"),
        report.keySet());
    assertEquals(
        Set.of(
            "read",
            "trace",
            "features",
            "cost",
            "solve",
            "average",
            "search",
            "correction",
            "write",
            "total"),
        report.getAsJsonObject("seconds").keySet());
    assertEquals(3, report.getAsJsonArray("groups").size());
    JsonObject group = report.getAsJsonArray("groups").get(0).getAsJsonObject();
    assertTrue(
        group
            .keySet()
            .containsAll(
                Set.of("name", "size", "solver", "cost", "iterations", "violation", "converged")));
    assertEquals(400, group.get("size").getAsInt());
    assertTrue(report.get("accuracy").isJsonNull());
  }

  @Test
  void theInputsStayAsTheyAre() throws IOException {
    byte[] before = Files.readAllBytes(a);
    assertEquals(0, CommandRun.of("fuse", a, b, "-o", fused, "--backend", "java").status());
    assertArrayEquals(before, Files.readAllBytes(a));
    assertTrue(Files.size(fused) > 1_600_000);
  }

  @Test
  void anExistingOutputIsReplacedAsAWhole() throws IOException {
    Files.writeString(fused, "old");
    assertEquals(0, CommandRun.of("fuse", a, b, "-o", fused, "--backend", "java").status());
    assertTrue(Files.size(fused) > 1_600_000);
    try (var files = Files.list(folder)) {
      assertEquals(3, files.count());
    }
  }

  @Test
  void allWeightOnTheAnchorWritesTheAnchorsWeightsAgain() {
    CommandRun run =
        CommandRun.of(
            "fuse", a, b, "-o", fused, "--weights", "0,1", "--anchor", "1", "--backend", "java");
    assertEquals(0, run.status(), run.err());
    assertEquals(OnnxModel.read(b).model().tensors(), OnnxModel.read(fused).model().tensors());
  }

  @Test
  void peopleGetATable() {
    CommandRun run = CommandRun.of("fuse", a, b, "-o", fused, "--backend", "java");
    assertTrue(run.out().startsWith("neuron group"), run.out());
    assertTrue(run.out().contains("/fc.1/Gemm        1      200   exact"), run.out());
    assertTrue(run.out().contains("fused by the java back end"), run.out());
    assertEquals("", run.err());
  }
}
