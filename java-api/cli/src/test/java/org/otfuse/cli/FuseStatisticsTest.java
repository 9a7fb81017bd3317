package org.otfuse.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.otfuse.models.Dataset;

/**
 * What statistics and chosen weights do for Fashion-MNIST networks, with the default options, on
 * the bundled 3,000 test images. An independent float64 implementation reached, by Sinkhorn with
 * epsilon 0.01 on its own calibration samples, 85.8 for ResNet18 and 83.5 for VGG11, and 88.7 for
 * the MLPs by weights; draws of the samples differ by about a point.
 */
class FuseStatisticsTest {
  @TempDir private static Path folder;

  private static Path file(String name) throws IOException {
    return CommandRun.file(folder, name);
  }

  private static CommandRun run(String a, String b, Object... options) throws IOException {
    List<Object> arguments =
        new ArrayList<>(
            List.of(
                "fuse",
                file(a),
                file(b),
                "-o",
                folder.resolve("fused.onnx"),
                "--backend",
                "java",
                "--json"));
    arguments.addAll(List.of(options));
    return CommandRun.of(arguments.toArray());
  }

  /** Fuses with calibration and test data. */
  private static JsonObject fuse(String pair, Object... options) throws IOException {
    List<Object> all =
        new ArrayList<>(
            List.of(
                "--calibration",
                file("fashion-calibration.npz"),
                "--test",
                file("fashion-test.npz")));
    all.addAll(List.of(options));
    return run(pair + "-a.onnx", pair + "-b.onnx", all.toArray()).json();
  }

  private static double fused(JsonObject report) {
    return report.getAsJsonObject("accuracy").get("fused").getAsDouble();
  }

  private static String solver(JsonObject report) {
    return report.getAsJsonArray("groups").get(0).getAsJsonObject().get("solver").getAsString();
  }

  private static void assertStatistics(String mode, JsonObject report) {
    assertEquals(mode, report.get("statistics").getAsString());
  }

  @Test
  void aResNetIsResetByDefault() throws IOException {
    JsonObject report = fuse("fashion-resnet18");
    assertStatistics("reset", report);
    assertTrue(fused(report) > 85.5, report.toString());
    assertTrue(report.getAsJsonObject("seconds").get("statistics").getAsDouble() > 0);
    double without = fused(fuse("fashion-resnet18", "--statistics", "none"));
    assertTrue(without < 60, "without statistics " + without);
  }

  @Test
  void hardMapsAreRepairedToTheMomentsOfBothModels() throws IOException {
    JsonObject report = fuse("fashion-resnet18-folded", "--solver", "exact");
    assertTrue(fused(report) > 81, report.toString());
  }

  @Test
  void aResNetCanBeRepairedToo() throws IOException {
    JsonObject report = fuse("fashion-resnet18", "--statistics", "repair");
    assertStatistics("repair", report);
    assertTrue(fused(report) > 84, report.toString());
  }

  @Test
  void aFoldedResNetIsRepairedByDefault() throws IOException {
    JsonObject report = fuse("fashion-resnet18-folded");
    assertStatistics("repair", report);
    assertTrue(fused(report) > 85, report.toString());
  }

  @Test
  void anMlpAndAVggAreRepairedByDefault() throws IOException {
    JsonObject mlp = fuse("fashion-mlp");
    assertStatistics("repair", mlp);
    assertEquals("exact", solver(mlp));
    assertTrue(fused(mlp) > 88, mlp.toString());
    JsonObject vgg = fuse("fashion-vgg11");
    assertStatistics("repair", vgg);
    assertEquals("sinkhorn", solver(vgg));
    assertTrue(fused(vgg) > 82.5, vgg.toString());
  }

  @Test
  void chosenWeightsMakeTheFusedModelBetterThanBothParents() throws IOException {
    JsonObject report =
        run(
                "fashion-mlp-specialist.onnx",
                "fashion-mlp-generalist.onnx",
                "--weights",
                "auto",
                "--calibration",
                file("fashion-calibration.npz"),
                "--test",
                file("fashion-test.npz"))
            .json();
    List<Double> weights =
        report.getAsJsonArray("weights").asList().stream().map(JsonElement::getAsDouble).toList();
    assertEquals(1, weights.get(0) + weights.get(1), 1e-9);
    assertTrue(weights.get(0) > 0.6 && weights.get(0) < 1, weights.toString());
    double best =
        report.getAsJsonObject("accuracy").getAsJsonArray("models").asList().stream()
            .mapToDouble(JsonElement::getAsDouble)
            .max()
            .orElseThrow();
    assertTrue(fused(report) > best, report.toString());
    assertTrue(report.getAsJsonObject("seconds").get("search").getAsDouble() > 0);
  }

  @Test
  void withoutSamplesNothingIsDoneByDefault() throws IOException {
    JsonObject report = run("fashion-resnet18-a.onnx", "fashion-resnet18-b.onnx").json();
    assertStatistics("none", report);
    assertEquals(0, report.getAsJsonObject("seconds").get("statistics").getAsDouble());
  }

  private static void refused(String sentence, CommandRun run) {
    assertEquals(2, run.status(), run.out());
    assertEquals("otfuse: " + sentence + "\n", run.err());
    assertEquals("", run.out());
  }

  @Test
  void whatCannotBeDoneIsRefusedBeforeAnythingIsWritten() throws IOException {
    Files.deleteIfExists(folder.resolve("fused.onnx"));
    String a = "fashion-mlp-a.onnx";
    String b = "fashion-mlp-b.onnx";
    refused(
        "--statistics repair needs samples to run the model on, expected --calibration DATA.npz.",
        run(a, b, "--statistics", "repair"));
    refused(
        "--statistics reset re-estimates BatchNormalization, of which fashion-mlp-a.onnx has none,"
            + " expected repair or none.",
        run(a, b, "--statistics", "reset", "--calibration", file("fashion-calibration.npz")));
    refused(
        "--weights auto compares losses, expected labelled samples by --calibration DATA.npz with"
            + " 'labels' [N].",
        run(a, b, "--weights", "auto"));
    Path unlabelled = folder.resolve("unlabelled.npz");
    Dataset.of("zeros", List.of(1, 28, 28), new float[3 * 784], Optional.empty()).write(unlabelled);
    refused(
        "--weights auto compares losses, expected labelled samples by --calibration DATA.npz with"
            + " 'labels' [N].",
        run(a, b, "--weights", "auto", "--calibration", unlabelled));
    refused(
        "Invalid value for option '--weights': expected auto or numbers between commas but was"
            + " 'half'.\nTry 'otfuse fuse --help'.",
        run(a, b, "--weights", "half"));
    refused(
        "Invalid value for option '--statistics': expected one of auto, none, reset, repair but was"
            + " 'some'.\nTry 'otfuse fuse --help'.",
        run(a, b, "--statistics", "some"));
    assertFalse(Files.exists(folder.resolve("fused.onnx")));
  }
}
