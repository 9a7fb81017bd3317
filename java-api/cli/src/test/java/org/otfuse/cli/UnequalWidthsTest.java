package org.otfuse.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.otfuse.models.Dataset;
import org.otfuse.models.OnnxModel;

/**
 * Convolutional and residual networks of unequal widths. A wide network is a narrow one with each
 * neuron two or three times, in another order, so that it computes the same; its alignment is known
 * beforehand: copies go together, and what is aligned computes what it did.
 */
@Tag("long")
class UnequalWidthsTest {
  @TempDir private static Path folder;

  private static Path file(String name) throws IOException {
    return CommandRun.file(folder, name);
  }

  /** Twice and three times as wide in turn. */
  private static Path wide(String name) throws IOException {
    Path widened =
        WidenedFile.of(file(name), folder.resolve("widened-" + name), group -> 2 + group % 2);
    return Shuffled.of(widened, folder.resolve("wide-" + name)).file();
  }

  private static float[] logits(Path model) throws IOException {
    Dataset samples = Dataset.read(file("fashion-test.npz")).first(100);
    return PairVerification.outputs(OnnxModel.read(model), samples);
  }

  private static JsonObject fuse(Path model, Path anchor, Object... options) throws IOException {
    List<Object> words =
        new ArrayList<>(
            List.of("fuse", model, anchor, "-o", folder.resolve("fused.onnx"), "--anchor", "1"));
    words.add("--json");
    words.addAll(List.of(options));
    return CommandRun.of(words.toArray()).json();
  }

  /** How much all weight on the aligned model changes the function, relative to the outputs. */
  private static double change(Path model, Path anchor, Object... options) throws IOException {
    List<Object> words =
        new ArrayList<>(
            List.of("--weights", "1,0", "--merge", "transport", "--correction", "none"));
    words.addAll(List.of(options));
    fuse(model, anchor, words.toArray());
    return PairVerification.change(logits(model), logits(folder.resolve("fused.onnx")));
  }

  @ParameterizedTest
  @CsvSource({
    "fashion-vgg11-a.onnx, weights, exact",
    "fashion-vgg11-a.onnx, activations, sinkhorn",
    "fashion-resnet18-a.onnx, weights, sinkhorn",
    "fashion-resnet18-a.onnx, activations, exact",
    "fashion-resnet18-folded-a.onnx, weights, exact",
    "fashion-resnet18-folded-a.onnx, activations, exact",
  })
  void copiesOfNeuronsAreAlignedSoThatTheFunctionStays(String name, String features, String solver)
      throws IOException {
    Path narrow = file(name);
    Path wide = wide(name);
    assertTrue(PairVerification.change(logits(narrow), logits(wide)) < 1e-4);
    List<Object> options = new ArrayList<>(List.of("--features", features, "--solver", solver));
    if (features.equals("activations")) {
      options.addAll(List.of("--calibration", file("fashion-calibration.npz")));
    }
    if (solver.equals("sinkhorn")) {
      options.addAll(List.of("--epsilon", "0.001"));
    }
    assertTrue(change(wide, narrow, options.toArray()) < 1e-4, "compressed");
    assertTrue(change(narrow, wide, options.toArray()) < 1e-4, "grown");
  }

  private static double fused(Path model, Path anchor, Object... options) throws IOException {
    fuse(model, anchor, options);
    return CommandRun.of(
            "evaluate", folder.resolve("fused.onnx"), "--data", file("fashion-test.npz"), "--json")
        .json()
        .get("accuracy")
        .getAsDouble();
  }

  /** A wide network and another one fuse as well as the narrow one that it was made of. */
  @ParameterizedTest
  @ValueSource(strings = {"fashion-vgg11", "fashion-resnet18", "fashion-resnet18-folded"})
  void aWideNetworkFusesWithAnotherEitherWay(String pair) throws IOException {
    Path other = file(pair + "-b.onnx");
    Path wide = wide(pair + "-a.onnx");
    Object[] options = {
      "--calibration",
      file("fashion-calibration.npz"),
      "--merge",
      "transport",
      "--correction",
      pair.equals("fashion-resnet18") ? "reset" : "repair"
    };
    double same = fused(file(pair + "-a.onnx"), other, options);
    double compressed = fused(wide, other, options);
    double grown = fused(other, wide, options);
    assertEquals(same, compressed, 1.5);
    assertTrue(grown > same - 1.5, grown + " grown, " + same + " at equal widths");
  }
}
