package org.otfuse.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.otfuse.models.Dataset;

class CompareCommandTest {
  @TempDir private Path folder;
  private Path a;
  private Path b;
  private Path data;

  @BeforeEach
  void write() throws IOException {
    a = TinyModel.mlp(folder.resolve("a.onnx"), 1, 3, 5, 2);
    b = TinyModel.mlp(folder.resolve("b.onnx"), 2, 3, 5, 2);
    data = data("data.npz", Optional.of(new int[] {0, 1, 0, 1}), 3);
  }

  private Path data(String name, Optional<int[]> labels, int size) {
    float[] values = new float[4 * size];
    Random random = new Random(3);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    Path file = folder.resolve(name);
    Dataset.of(name, List.of(size), values, labels).write(file);
    return file;
  }

  @Test
  void aModelAndItselfAreNotApart() {
    JsonObject found = CommandRun.of("compare", a, a, "--data", data, "--json").json();
    assertEquals(4, found.get("samples").getAsInt());
    assertEquals(0, found.get("largest").getAsDouble());
    assertEquals(100, found.get("equalPredictions").getAsDouble());
    assertEquals(
        found.getAsJsonArray("accuracies").get(0), found.getAsJsonArray("accuracies").get(1));
  }

  @Test
  void twoModelsAreApartAndTheStatusIsZero() {
    JsonObject found = CommandRun.of("compare", a, b, "--data", data, "--json").json();
    assertTrue(found.get("largest").getAsDouble() > found.get("mean").getAsDouble());
    assertTrue(found.get("mean").getAsDouble() > 0.01, found.toString());
    CommandRun text = CommandRun.of("compare", a, b, "--data", data);
    assertEquals(0, text.status(), text.err());
    for (String line :
        List.of(
            "outputs on 4 samples",
            "largest difference",
            "mean difference",
            "same class predicted",
            "accuracy of a.onnx",
            "accuracy of b.onnx")) {
      assertEquals(1, text.out().lines().filter(l -> l.startsWith(line)).count(), text.out());
    }
  }

  @Test
  void withoutLabelsThereAreNoAccuracies() {
    Path bare = data("bare.npz", Optional.empty(), 3);
    JsonObject found = CommandRun.of("compare", a, b, "--data", bare, "--json").json();
    assertTrue(found.get("accuracies").isJsonNull());
    assertTrue(!CommandRun.of("compare", a, b, "--data", bare).out().contains("accuracy"));
  }

  @Test
  void filesOfOneNameAreCalledByTheirPaths() throws IOException {
    Path other = Files.createDirectory(folder.resolve("other")).resolve("a.onnx");
    Files.copy(b, other);
    String text = CommandRun.of("compare", a, other, "--data", data).out();
    assertTrue(text.contains("accuracy of " + a), text);
    assertTrue(text.contains("accuracy of " + other), text);
  }

  @Test
  void modelsOfOtherInputsAreRefused() throws IOException {
    Path wide = TinyModel.mlp(folder.resolve("wide.onnx"), 1, 4, 5, 2);
    CommandRun run = CommandRun.of("compare", a, wide, "--data", data);
    assertEquals(2, run.status());
    assertEquals(
        "otfuse: input image of model wide.onnx has shape [?, 4], expected [?, 3] as input image of"
            + " model a.onnx has.\n",
        run.err());
  }
}
