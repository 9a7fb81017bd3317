package org.otfuse.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.otfuse.models.Dataset;

class CommandsTest {
  @TempDir private static Path folder;

  @Test
  void evaluateGivesTheKnownAccuracy() throws IOException {
    CommandRun run =
        CommandRun.of(
            "evaluate",
            CommandRun.file(folder, "fashion-mlp-a.onnx"),
            "--data",
            CommandRun.file(folder, "fashion-test.npz"),
            "--json");
    assertEquals(3000, run.json().get("samples").getAsInt());
    // 2,670 of the first 3,000 test images, counted in float64 by another implementation
    assertEquals(89.0, run.json().get("accuracy").getAsDouble(), 0.05);
  }

  @Test
  void inspectNamesGroupsTensorsAndReasons() throws IOException {
    JsonObject inspection =
        CommandRun.of("inspect", CommandRun.file(folder, "fashion-mlp-a.onnx"), "--json").json();
    assertEquals(
        784 * 400 + 400 + 400 * 200 + 200 + 200 * 100 + 100 + 100 * 10 + 10,
        inspection.get("parameters").getAsInt());
    JsonObject group = inspection.getAsJsonArray("groups").get(1).getAsJsonObject();
    assertEquals(200, group.get("size").getAsInt());
    assertTrue(group.get("pinned").isJsonNull());
    assertEquals(3, group.getAsJsonArray("axes").size());
    CommandRun text = CommandRun.of("inspect", CommandRun.file(folder, "fashion-mlp-a.onnx"));
    assertTrue(text.out().contains("axis 1 of fc.2.weight [100, 200] (input)"), text.out());
    assertTrue(text.out().contains("pinned: graph output"), text.out());
  }

  @Test
  void verifyPassesOnPlainAndFoldedNetworks() throws IOException {
    Path few = folder.resolve("few.npz");
    Dataset.read(CommandRun.file(folder, "fashion-calibration.npz")).first(64).write(few);
    for (String name :
        List.of(
            "fashion-mlp-a.onnx",
            "fashion-vgg11-a.onnx",
            "fashion-resnet18-a.onnx",
            "fashion-resnet18-folded-a.onnx")) {
      CommandRun run = CommandRun.of("verify", CommandRun.file(folder, name), "--data", few);
      assertEquals(0, run.status(), run.out() + run.err());
      assertTrue(run.out().contains("permuting neurons leaves the outputs unchanged"), run.out());
    }
  }

  @Test
  void verifyNeedsNoData() throws IOException {
    assertEquals(
        0, CommandRun.of("verify", CommandRun.file(folder, "fashion-mlp-a.onnx")).status());
  }

  @Test
  void backendsListsAllFourAndWhatAutoPicks() {
    JsonObject result = CommandRun.of("backends", "--json").json();
    assertEquals(4, result.getAsJsonArray("backends").size());
    JsonObject java = result.getAsJsonArray("backends").get(3).getAsJsonObject();
    assertEquals("java", java.get("name").getAsString());
    assertTrue(java.get("usable").getAsBoolean());
    assertEquals("passed", java.get("selfTest").getAsString());
  }

  @Test
  void theSelfTestOfEveryUsableBackEndPasses() {
    JsonObject result = CommandRun.of("backends", "--selftest", "--json").json();
    assertTrue(result.get("passed").getAsBoolean(), result::toString);
    assertEquals(4, result.getAsJsonArray("backends").size());
  }

  @Test
  void theSelfTestOfOneBackEndSaysHowEachCheckWent() {
    CommandRun run = CommandRun.of("backends", "--selftest", "--backend", "java");
    assertEquals(0, run.status(), run.out());
    long checks = run.out().lines().filter(line -> line.startsWith("  ok ")).count();
    assertTrue(run.out().contains("java: all " + checks + " checks passed."), run.out());
  }

  @Test
  @Tag("long")
  void theDemoShowsThreePairs() {
    CommandRun run = CommandRun.of("demo", "--backend", "java");
    assertEquals(0, run.status(), run.err());
    for (String pair : List.of("MLP ", "VGG11 ", "ResNet18 ")) {
      assertEquals(1, run.out().lines().filter(line -> line.startsWith(pair)).count(), run.out());
    }
  }

  @Test
  void withoutACommandTheUsageIsShownAndTheStatusIsTwo() {
    CommandRun run = CommandRun.of();
    assertEquals(2, run.status());
    assertTrue(run.err().startsWith("Usage: otfuse"), run.err());
  }

  @Test
  void wordsThatAShellWouldChangeAreQuoted() {
    assertEquals(
        "fuse a-1.onnx 'my model.onnx' 'it'\\''s' '' '$HOME' --epsilon=0.1",
        FuseCommand.inShell(
            List.of("fuse", "a-1.onnx", "my model.onnx", "it's", "", "$HOME", "--epsilon=0.1")));
  }
}
