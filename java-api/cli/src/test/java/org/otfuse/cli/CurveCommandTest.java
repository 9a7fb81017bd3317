package org.otfuse.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CurveCommandTest {
  @TempDir private static Path folder;

  private static Path file(String name) throws IOException {
    return CommandRun.file(folder, name);
  }

  private static JsonObject point(JsonObject report, int index) {
    return report.getAsJsonArray("points").get(index).getAsJsonObject();
  }

  @Test
  void alignmentRemovesTheLossBarrierBetweenTwoMlps() throws IOException {
    JsonObject report =
        CommandRun.of(
                "curve",
                file("fashion-mlp-a.onnx"),
                file("fashion-mlp-b.onnx"),
                "--test",
                file("fashion-test.npz"),
                "--calibration",
                file("fashion-calibration.npz"),
                "--points",
                "5",
                "--backend",
                "java",
                "--json")
            .json();
    assertEquals(
        Set.of("backend", "anchor", "correction", "samples", "points", "barrier", "plainBarrier"),
        report.keySet());
    assertEquals("java", report.get("backend").getAsString());
    assertEquals("repair", report.get("correction").getAsString());
    assertEquals(3000, report.get("samples").getAsInt());
    assertEquals(5, report.getAsJsonArray("points").size());
    assertEquals(
        Set.of("weight", "accuracy", "loss", "plainAccuracy", "plainLoss"),
        point(report, 0).keySet());
    assertEquals(0.25, point(report, 1).get("weight").getAsDouble());
    for (int end : new int[] {0, 4}) {
      JsonObject parent = point(report, end);
      assertEquals(parent.get("plainLoss").getAsDouble(), parent.get("loss").getAsDouble(), 1e-3);
    }
    assertTrue(report.get("barrier").getAsDouble() < 0.04, report.toString());
    assertTrue(report.get("plainBarrier").getAsDouble() > 1, report.toString());
    assertTrue(point(report, 2).get("accuracy").getAsDouble() > 87.5, report.toString());
  }

  @Test
  void modelsOfDifferentWidthsHaveNoPlainCurve() throws IOException {
    Object[] arguments = {
      "curve",
      file("fashion-mlp-wide.onnx"),
      file("fashion-mlp-b.onnx"),
      "--anchor",
      "1",
      "--test",
      file("fashion-calibration.npz"),
      "--points",
      "3",
      "--backend",
      "java"
    };
    CommandRun text = CommandRun.of(arguments);
    assertEquals(0, text.status(), text.err());
    assertTrue(text.out().startsWith("weight of fashion-mlp-b.onnx"), text.out());
    assertTrue(text.out().contains(" plain, on 512 samples; correction none"), text.out());
    assertEquals(3, text.out().lines().filter(line -> line.endsWith("-")).count(), text.out());
  }

  @Test
  void onePointIsNoCurve() throws IOException {
    CommandRun run =
        CommandRun.of(
            "curve",
            file("fashion-mlp-a.onnx"),
            file("fashion-mlp-b.onnx"),
            "--test",
            file("fashion-test.npz"),
            "--points",
            "1");
    assertEquals(2, run.status());
    assertEquals("otfuse: --points is 1, expected 2 to 1001.\n", run.err());
  }

  @Test
  void testDataIsRequired() throws IOException {
    CommandRun run = CommandRun.of("curve", file("fashion-mlp-a.onnx"), file("fashion-mlp-b.onnx"));
    assertEquals(2, run.status());
    assertTrue(run.err().startsWith("otfuse: Missing required option: '--test="), run.err());
  }
}
