package org.otfuse.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models are read one at a time, so that memory does not grow with their number. */
@Tag("long")
class ManyModelsTest {
  private static final int MODELS = 40;
  private static final int HEAP_MEBIBYTES = 112;

  @TempDir private Path folder;

  @Test
  void modelsFuseInAHeapThatCannotHoldThem() throws Exception {
    Path anchor = CommandRun.file(folder, "fashion-mlp-wide.onnx");
    Path other = Shuffled.of(anchor, folder.resolve("shuffled.onnx")).file();
    Path fused = folder.resolve("fused.onnx");
    assertTrue(MODELS * Files.size(anchor) > 1.3 * (HEAP_MEBIBYTES << 20));
    List<Object> words = new ArrayList<>(List.of("fuse", anchor));
    for (int k = 1; k < MODELS; k++) {
      words.add(k % 2 == 0 ? anchor : other);
    }
    words.addAll(List.of("-o", fused, "--backend", "java", "--json"));
    words.addAll(List.of("--calibration", CommandRun.file(folder, "fashion-calibration.npz")));
    words.addAll(List.of("--test", CommandRun.file(folder, "fashion-test.npz")));
    words.addAll(List.of("--report", folder.resolve("report.html")));
    words.addAll(List.of("--merge", "transport", "--correction", "repair"));
    JsonObject report = JsonParser.parseString(inSmallHeap(words)).getAsJsonObject();
    JsonObject accuracy = report.getAsJsonObject("accuracy");
    assertEquals(MODELS, accuracy.getAsJsonArray("models").size());
    assertEquals("repair", report.get("correction").getAsString());
    // All models are one network in different orders, and the fused one is it again.
    double expected = accuracy.getAsJsonArray("models").get(0).getAsDouble();
    assertEquals(expected, accuracy.get("fused").getAsDouble(), 0.05);
    assertEquals(expected, accuracy.get("ensemble").getAsDouble(), 0.05);
    assertEquals(Files.size(anchor), Files.size(fused), 4096);
    assertTrue(Files.readString(folder.resolve("report.html")).contains("model 39"));
  }

  private String inSmallHeap(List<Object> words) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + HEAP_MEBIBYTES + "m",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
    words.forEach(word -> command.add(word.toString()));
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    assertEquals(0, process.waitFor(), Files.readString(err));
    return Files.readString(out);
  }

  @Test
  void fourMlpsFuseIntoOne() throws IOException {
    List<Object> words = new ArrayList<>(List.of("fuse"));
    for (String name : List.of("a", "b", "c", "d")) {
      words.add(CommandRun.file(folder, "fashion-mlp-" + name + ".onnx"));
    }
    words.addAll(List.of("-o", folder.resolve("fused.onnx"), "--backend", "java", "--json"));
    words.addAll(List.of("--calibration", CommandRun.file(folder, "fashion-calibration.npz")));
    words.addAll(List.of("--test", CommandRun.file(folder, "fashion-test.npz")));
    words.addAll(List.of("--merge", "transport", "--correction", "repair"));
    JsonObject accuracy = CommandRun.of(words.toArray()).json().getAsJsonObject("accuracy");
    assertTrue(accuracy.get("fused").getAsDouble() >= 88, accuracy.toString());
    assertTrue(accuracy.get("vanilla").getAsDouble() < 20, accuracy.toString());
  }
}
