package org.otfuse.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.otfuse.BackendChoice;
import org.otfuse.models.Dataset;

/**
 * Accuracies of fused Fashion-MNIST networks on the bundled 3,000 test images, 1,000 for VGG11. An
 * independent float64 implementation reached on all 10,000: MLP 88.68, wide MLP onto a narrow one
 * 88.59, specialist with generalist 86.16, VGG11 33.5 by weights and 81.3 by activations, four MLPs
 * 88.0. The bounds are at most a point under what was measured on these images.
 */
abstract class FuseAccuracyTest {
  private final BackendChoice backend;

  @TempDir private static Path folder;

  /** How many of the test images are used; running convolutions on all takes most of the time. */
  private int images = 3000;

  FuseAccuracyTest(BackendChoice backend) {
    this.backend = backend;
  }

  private JsonObject fuse(String a, String b, String... options) throws IOException {
    return fuse(List.of(CommandRun.file(folder, a), CommandRun.file(folder, b)), options);
  }

  private JsonObject fuse(List<Path> models, String... options) throws IOException {
    List<Object> arguments = new ArrayList<>(List.of("fuse"));
    arguments.addAll(models);
    arguments.addAll(
        List.of(
            "-o",
            folder.resolve("fused.onnx"),
            "--test",
            test(),
            "--backend",
            backend.label(),
            "--json"));
    arguments.addAll(List.of(options));
    JsonObject report = CommandRun.of(arguments.toArray()).json();
    assertEquals(backend.label(), report.get("backend").getAsString());
    return report.getAsJsonObject("accuracy");
  }

  private Path test() throws IOException {
    Path first = folder.resolve("first-%d.npz".formatted(images));
    if (!Files.exists(first)) {
      Dataset.read(CommandRun.file(folder, "fashion-test.npz")).first(images).write(first);
    }
    return first;
  }

  private static double fused(JsonObject accuracy) {
    return accuracy.get("fused").getAsDouble();
  }

  private static List<Double> models(JsonObject accuracy) {
    return accuracy.getAsJsonArray("models").asList().stream()
        .map(JsonElement::getAsDouble)
        .toList();
  }

  private String calibration() throws IOException {
    return CommandRun.file(folder, "fashion-calibration.npz").toString();
  }

  @Test
  void twoMlpsKeepTheirAccuracyWhereThePlainAverageLosesIt() throws IOException {
    JsonObject accuracy = fuse("fashion-mlp-a.onnx", "fashion-mlp-b.onnx", "--anchor", "1");
    assertTrue(fused(accuracy) >= 88.6, accuracy.toString());
    assertTrue(accuracy.get("vanilla").getAsDouble() < 70, accuracy.toString());
    assertTrue(accuracy.get("ensemble").getAsDouble() > 88.5, accuracy.toString());
    assertTrue(models(accuracy).stream().allMatch(a -> a > 88), accuracy.toString());
  }

  @Test
  void twoMlpsAlignByActivationsWithEitherSolver() throws IOException {
    for (String solver : List.of("exact", "sinkhorn")) {
      JsonObject accuracy =
          fuse(
              "fashion-mlp-a.onnx",
              "fashion-mlp-b.onnx",
              "--features",
              "activations",
              "--calibration",
              calibration(),
              "--correction",
              "repair",
              "--solver",
              solver);
      assertTrue(fused(accuracy) >= 88, solver + accuracy);
    }
  }

  @Test
  void aWideMlpFusesOntoANarrowOneWithEitherSolver() throws IOException {
    for (String solver : List.of("exact", "sinkhorn")) {
      JsonObject accuracy =
          fuse("fashion-mlp-wide.onnx", "fashion-mlp-b.onnx", "--anchor", "1", "--solver", solver);
      assertTrue(fused(accuracy) >= 88.4, solver + accuracy);
      assertTrue(accuracy.get("vanilla").isJsonNull(), accuracy.toString());
    }
  }

  @Test
  void specialistAndGeneralistTogetherAreBetterThanEither() throws IOException {
    JsonObject accuracy =
        fuse(
            "fashion-mlp-specialist.onnx",
            "fashion-mlp-generalist.onnx",
            "--anchor",
            "1",
            "--weights",
            "0.8,0.2");
    double best = models(accuracy).stream().mapToDouble(a -> a).max().orElseThrow();
    assertTrue(fused(accuracy) > best, accuracy.toString());
    assertTrue(fused(accuracy) >= 86, accuracy.toString());
  }

  @Test
  void vgg11NeedsActivations() throws IOException {
    String a = "fashion-vgg11-a.onnx";
    String b = "fashion-vgg11-b.onnx";
    images = 1000;
    JsonObject byWeights = fuse(a, b, "--anchor", "1");
    assertTrue(fused(byWeights) > 25 && fused(byWeights) < 50, byWeights.toString());
    assertTrue(byWeights.get("vanilla").getAsDouble() < 20, byWeights.toString());
    JsonObject byActivations =
        fuse(
            a,
            b,
            "--anchor",
            "1",
            "--calibration",
            calibration(),
            "--merge",
            "transport",
            "--correction",
            "repair");
    assertTrue(fused(byActivations) >= 86, byActivations.toString());
  }

  @Test
  void fourMlpsFuseIntoOne() throws IOException {
    List<Path> models =
        List.of(
            CommandRun.file(folder, "fashion-mlp-a.onnx"),
            CommandRun.file(folder, "fashion-mlp-b.onnx"),
            shuffled("fashion-mlp-a.onnx"),
            shuffled("fashion-mlp-b.onnx"));
    JsonObject accuracy = fuse(models);
    assertTrue(fused(accuracy) >= 88.6, accuracy.toString());
    assertTrue(accuracy.get("vanilla").getAsDouble() < 60, accuracy.toString());
  }

  private static Path shuffled(String name) throws IOException {
    return Shuffled.of(CommandRun.file(folder, name), folder.resolve("shuffled-" + name)).file();
  }
}
