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
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.otfuse.models.Dataset;

/**
 * What corrected statistics and chosen weights do for averages of Fashion-MNIST networks that were
 * aligned with the default options, with the second model as anchor, on the bundled 3,000 test
 * images. The MLPs must reach there what is asked of them on all 10,000: 88.6, also for the wide
 * one, and 86 for the specialist. For VGG11, asked 83, and both kinds of ResNet18, asked 85.5 and
 * 82.5, the bounds lie 0.8 under what was measured on these images, 85.8 and 87.3, so that they are
 * far above what is asked. Hard maps with repair were measured at 84.5.
 */
@Tag("long")
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

  /** Fuses with calibration data. */
  private static JsonObject fuse(String a, String b, Object... options) throws IOException {
    List<Object> all =
        new ArrayList<>(List.of("--calibration", file("fashion-calibration.npz"), "--anchor", "1"));
    all.addAll(List.of("--merge", "transport"));
    all.addAll(List.of(options));
    return run(a, b, all.toArray()).json();
  }

  private static JsonObject fusePair(String pair, Object... options) throws IOException {
    return fuse(pair + "-a.onnx", pair + "-b.onnx", options);
  }

  /** The accuracy of the model that was fused last; its parents are not run again. */
  private static double fused() throws IOException {
    return CommandRun.of(
            "evaluate", folder.resolve("fused.onnx"), "--data", file("fashion-test.npz"), "--json")
        .json()
        .get("accuracy")
        .getAsDouble();
  }

  private static void assertFused(double least) throws IOException {
    double accuracy = fused();
    assertTrue(accuracy >= least, accuracy + " percent, expected at least " + least);
  }

  private static String solver(JsonObject report) {
    return report.getAsJsonArray("groups").get(0).getAsJsonObject().get("solver").getAsString();
  }

  private static void assertStatistics(String mode, JsonObject report) {
    assertEquals(mode, report.get("correction").getAsString());
  }

  @Test
  void aResNetCanBeReset() throws IOException {
    JsonObject report = fusePair("fashion-resnet18", "--correction", "reset");
    assertStatistics("reset", report);
    assertTrue(report.getAsJsonObject("seconds").get("correction").getAsDouble() > 0);
    assertFused(86.5);
    fusePair("fashion-resnet18", "--correction", "none");
    assertTrue(fused() < 60, "without statistics");
  }

  @Test
  void hardMapsAreRepairedToTheMomentsOfBothModels() throws IOException {
    fusePair("fashion-resnet18-folded", "--solver", "exact", "--correction", "repair");
    assertFused(84);
  }

  @Test
  void aResNetCanBeRepairedToo() throws IOException {
    assertStatistics("repair", fusePair("fashion-resnet18", "--correction", "repair"));
    assertFused(86.5);
  }

  @Test
  void aFoldedResNetCanBeRepaired() throws IOException {
    assertStatistics("repair", fusePair("fashion-resnet18-folded", "--correction", "repair"));
    assertFused(86.5);
  }

  @Test
  void anMlpAndAVggCanBeRepaired() throws IOException {
    JsonObject mlp = fusePair("fashion-mlp", "--correction", "repair");
    assertStatistics("repair", mlp);
    assertEquals("exact", solver(mlp));
    assertFused(88.6);
    JsonObject vgg = fusePair("fashion-vgg11", "--correction", "repair");
    assertStatistics("repair", vgg);
    assertEquals("sinkhorn", solver(vgg));
    assertFused(85);
  }

  @Test
  void aWideMlpIsRepairedOntoANarrowOne() throws IOException {
    assertStatistics(
        "repair", fuse("fashion-mlp-wide.onnx", "fashion-mlp-b.onnx", "--correction", "repair"));
    assertFused(88.6);
  }

  @Test
  void chosenWeightsMakeTheFusedModelBetterThanBothParents() throws IOException {
    JsonObject report =
        fuse("fashion-mlp-specialist.onnx", "fashion-mlp-generalist.onnx", "--weights", "auto");
    List<Double> weights =
        report.getAsJsonArray("weights").asList().stream().map(JsonElement::getAsDouble).toList();
    assertEquals(1, weights.get(0) + weights.get(1), 1e-9);
    assertTrue(weights.get(0) > 0.6 && weights.get(0) < 1, weights.toString());
    // The parents reach 85.5 and 80.6 on these images.
    assertFused(86);
    assertTrue(report.getAsJsonObject("seconds").get("search").getAsDouble() > 0);
  }

  @Test
  void withoutSamplesNothingIsDoneByDefault() throws IOException {
    JsonObject report = run("fashion-resnet18-a.onnx", "fashion-resnet18-b.onnx").json();
    assertStatistics("none", report);
    assertEquals(0, report.getAsJsonObject("seconds").get("correction").getAsDouble());
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
        "Correction repair needs samples to run the model on, expected --calibration DATA.npz.",
        run(a, b, "--correction", "repair"));
    refused(
        "Correction reset re-estimates BatchNormalization, of which fashion-mlp-a.onnx has none,"
            + " expected refit, repair or none.",
        run(a, b, "--correction", "reset", "--calibration", file("fashion-calibration.npz")));
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
        "Invalid value for option '--correction': expected one of auto, none, reset, repair, refit but"
            + " was 'some'.\nTry 'otfuse fuse --help'.",
        run(a, b, "--correction", "some"));
    assertFalse(Files.exists(folder.resolve("fused.onnx")));
  }
}
