package org.otfuse.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.otfuse.InvalidInputException;
import org.otfuse.OtfuseException;
import org.otfuse.UnsupportedModelException;
import org.otfuse.models.ModelComparison.Predictions;

class ModelComparisonTest {
  private static final float[][] SAME = {{1, 0}, {0, 1}};
  private static final float[][] SWAPPED = {{0, 1}, {1, 0}};

  @TempDir private static Path folder;

  private static OnnxModel file(String name, byte[] onnx) {
    try {
      return OnnxModel.read(Files.write(folder.resolve(name + ".onnx"), onnx));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static OnnxModel linear(String name, long batch, float[][] weight, float... bias) {
    return file(name, TestModels.linear(batch, weight, bias));
  }

  private static Dataset pairs(Optional<int[]> labels, float... values) {
    return Dataset.of("pairs", List.of(2), values, labels);
  }

  private static void refused(
      String sentence,
      Class<? extends OtfuseException> type,
      OnnxModel first,
      OnnxModel second,
      Dataset data) {
    assertEquals(
        sentence, assertThrows(type, () -> ModelComparison.of(first, second, data)).getMessage());
  }

  @Test
  void differencesOfTwoLinearModelsAreThoseOnPaper() {
    OnnxModel a = linear("a", TestModels.ANY, SAME, 0, 0);
    OnnxModel b = linear("b", TestModels.ANY, SWAPPED, 0.5f, 0);
    // a gives (1, 2), (3, -4), (5, 5); b gives (2.5, 1), (-3.5, 3), (5.5, 5).
    Dataset data = pairs(Optional.of(new int[] {1, 0, 1}), 1, 2, 3, -4, 5, 5);
    ModelComparison found = ModelComparison.of(a, b, data);
    assertEquals(3, found.samples());
    assertEquals(6, found.values());
    assertEquals(7, found.largest());
    assertEquals(1, found.worst());
    assertEquals(7 / 5.5, found.relative(), 1e-15);
    assertEquals((1.5 + 1 + 6.5 + 7 + 0.5 + 0) / 6, found.mean(), 1e-15);
    // Predicted are 1, 0, 0 (the first of equal scores) and 0, 1, 0.
    double third = 100.0 / 3;
    assertEquals(
        Optional.of(new Predictions(third, List.of(100.0 * 2 / 3, 0.0))), found.predictions());
  }

  @Test
  void aModelIsLikeItselfWhateverTheBatches() {
    OnnxModel one = linear("one", 1, SAME, 0, 0);
    OnnxModel two = linear("two", 2, SAME, 0, 0);
    ModelComparison found =
        ModelComparison.of(one, two, pairs(Optional.empty(), 1, 2, 3, -4, 5, 6));
    assertEquals(
        new ModelComparison(3, 6, 0, 0, 0, 0, Optional.of(new Predictions(100, List.of()))), found);
    assertEquals(found, ModelComparison.of(two, one, pairs(Optional.empty(), 1, 2, 3, -4, 5, 6)));
  }

  @Test
  void zerosAloneAreNoDistanceApart() {
    OnnxModel zero = linear("zero", TestModels.ANY, new float[][] {{0, 0}, {0, 0}}, 0, 0);
    assertEquals(0, ModelComparison.of(zero, zero, pairs(Optional.empty(), 1, 2)).relative());
  }

  @Test
  void aBatchInTheMiddleIsCountedInFull() {
    OnnxModel a = linear("a", TestModels.ANY, SAME, 0, 0);
    OnnxModel b = linear("b", TestModels.ANY, SAME, 0, 0.25f);
    float[] values = new float[2 * 600];
    ModelComparison found = ModelComparison.of(a, b, pairs(Optional.empty(), values));
    assertEquals(0.125, found.mean(), 1e-15);
    List<Integer> steps = new ArrayList<>();
    ModelComparison.of(
        a, b, pairs(Optional.empty(), values), (done, total) -> steps.add(done * 1000 / total));
    assertEquals(List.of(256 * 1000 / 600, 512 * 1000 / 600, 1000), steps);
  }

  @Test
  void oneOutputHasNoPredictionsAndOutputsOfAnyRankCount() {
    OnnxModel sum = linear("sum", TestModels.ANY, new float[][] {{1}, {1}}, 0);
    OnnxModel first = linear("first", TestModels.ANY, new float[][] {{1}, {0}}, 0);
    ModelComparison found =
        ModelComparison.of(sum, first, pairs(Optional.of(new int[2]), 1, 2, 3, 4));
    assertEquals(4, found.largest());
    assertEquals(Optional.empty(), found.predictions());
    GraphBuilder g = new GraphBuilder(17);
    g.output(g.relu(g.conv(g.input("x", 0, 1, 3, 3), 1, 2)), 0, 2, 3, 3);
    Dataset images = Dataset.of("images", List.of(1, 3, 3), new float[18], Optional.empty());
    ModelComparison maps = ModelComparison.of(g.read(), g.read(), images);
    assertEquals(36, maps.values());
    assertEquals(Optional.empty(), maps.predictions());
  }

  @Test
  void everyOutputCounts() {
    OnnxModel a = heads(1);
    OnnxModel b = heads(3);
    Dataset data = Dataset.of("data", List.of(2), new float[] {1, -2, 0.5f, 0}, Optional.empty());
    ModelComparison found = ModelComparison.of(a, b, data);
    assertEquals(8, found.values());
    assertEquals(4, found.largest());
  }

  /** The input, and the input times a number. */
  private static OnnxModel heads(int factor) {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.input("x", 0, 2);
    g.graph()
        .addInitializer(
            ai.onnx.proto.OnnxMl.TensorProto.newBuilder()
                .setName("factor")
                .setDataType(GraphBuilder.FLOAT)
                .addFloatData(factor));
    g.output(g.node("Identity", List.of(x)), 0, 2);
    g.output(g.node("Mul", List.of(x, "factor")), 0, 2);
    return g.read();
  }

  @Test
  void valuesThatAreNotFiniteAreRefused() {
    OnnxModel a = linear("a", TestModels.ANY, SAME, 0, 0);
    OnnxModel huge = linear("huge", TestModels.ANY, new float[][] {{3e38f, 0}, {0, 1}}, 0, 0);
    OnnxModel nan = linear("nan", TestModels.ANY, new float[][] {{3e38f, 0}, {-3e38f, 1}}, 0, 0);
    Dataset data = pairs(Optional.empty(), 0, 0, 10, 1);
    refused(
        "model huge.onnx gives Infinity in output logits for sample 1, expected finite numbers",
        UnsupportedModelException.class,
        a,
        huge,
        data);
    String sentence =
        assertThrows(
                UnsupportedModelException.class,
                () -> ModelComparison.of(nan, a, pairs(Optional.empty(), 10, 10)))
            .getMessage();
    assertEquals(0, sentence.indexOf("model nan.onnx gives "), sentence);
  }

  @Test
  void modelsThatDoNotGoTogetherAreRefused() {
    OnnxModel a = linear("a", TestModels.ANY, SAME, 0, 0);
    OnnxModel three =
        linear("three", TestModels.ANY, new float[][] {{1, 0, 0}, {0, 1, 0}}, 0, 0, 0);
    OnnxModel wide = linear("wide", TestModels.ANY, new float[][] {{1, 0}, {0, 1}, {0, 0}}, 0, 0);
    Dataset data = pairs(Optional.empty(), 1, 2);
    refused(
        "output logits of model three.onnx has shape [3] for a sample, expected [2] as output logits"
            + " of model a.onnx",
        InvalidInputException.class,
        a,
        three,
        data);
    refused(
        "input image of model wide.onnx has shape [?, 3], expected [?, 2] as input image of model"
            + " a.onnx has",
        InvalidInputException.class,
        a,
        wide,
        data);
    String outputs =
        assertThrows(InvalidInputException.class, () -> ModelComparison.of(a, heads(1), data))
            .getMessage();
    assertEquals(true, outputs.endsWith("has 2 outputs, expected 1 as model a.onnx has"), outputs);
  }

  @Test
  void aModelOfTwoInputsAndALabelThatIsNoClassAreRefused() {
    OnnxModel a = linear("a", TestModels.ANY, SAME, 0, 0);
    GraphBuilder g = new GraphBuilder(17);
    g.output(g.node("Add", List.of(g.input("x", 0, 2), g.input("y", 0, 2))), 0, 2);
    String inputs =
        assertThrows(
                UnsupportedModelException.class,
                () -> ModelComparison.of(a, g.read(), pairs(Optional.empty(), 1, 2)))
            .getMessage();
    assertEquals(true, inputs.endsWith("has the inputs [x, y], expected one"), inputs);
    refused(
        "data set pairs has the label 2 at [1], expected less than 2, the classes of model a.onnx",
        InvalidInputException.class,
        a,
        a,
        pairs(Optional.of(new int[] {0, 2}), 1, 2, 3, 4));
  }
}
