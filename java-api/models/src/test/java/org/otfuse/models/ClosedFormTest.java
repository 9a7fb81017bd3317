package org.otfuse.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.otfuse.InvalidInputException;
import org.otfuse.Model;
import org.otfuse.Progress;
import org.otfuse.models.closedform.ClosedForm;
import org.otfuse.models.closedform.ClosedFormOptions;
import org.otfuse.models.closedform.ClosedFormResult;
import org.otfuse.models.closedform.LayerFit;
import org.otfuse.models.closedform.ModelCouplings;

class ClosedFormTest {
  private static final int SAMPLES = 150;

  private static Dataset samples(int count, Integer... shape) {
    Random random = new Random(5);
    float[] values = new float[count * List.of(shape).stream().reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Dataset.of("samples", List.of(shape), values, Optional.empty());
  }

  /** The same graph with weights of its own. */
  private static OnnxModel other(OnnxModel model, long seed) {
    Random random = new Random(seed);
    List<FloatBuffer> tensors = new ArrayList<>();
    for (FloatBuffer tensor : model.model().tensors()) {
      FloatBuffer changed = FloatBuffer.allocate(tensor.remaining());
      for (int i = 0; i < changed.capacity(); i++) {
        float factor = (float) Math.exp(0.5 * random.nextGaussian());
        changed.put(i, tensor.get(i) * factor);
      }
      tensors.add(changed);
    }
    return model.withTensors(new Model("other", model.model().architecture(), tensors));
  }

  private static float[] outputs(OnnxModel model, Dataset data) {
    try (OnnxSession session = OnnxSession.open(model.toBytes(), "m")) {
      return session.logits(data);
    }
  }

  /** The largest difference of outputs, relative to the largest output. */
  private static double change(OnnxModel expected, OnnxModel found, Dataset data) {
    float[] a = outputs(expected, data);
    float[] b = outputs(found, data);
    double difference = 0;
    double scale = 0;
    for (int i = 0; i < a.length; i++) {
      difference = Math.max(difference, Math.abs(a[i] - b[i]));
      scale = Math.max(scale, Math.abs(a[i]));
    }
    return difference / scale;
  }

  private static OnnxModel classifier(UnaryOperator<GraphBuilder> body) {
    return body.apply(new GraphBuilder(17)).read();
  }

  private static Arguments layer(
      String name, List<Integer> shape, UnaryOperator<GraphBuilder> body) {
    return Arguments.of(name, shape, classifier(body));
  }

  /** A layer between a Relu and the mean over what positions it has. */
  private static GraphBuilder convolution(
      GraphBuilder g, long[] input, long[] weight, Object... attributes) {
    String x = g.relu(g.input("x", input));
    String y =
        g.node("Conv", List.of(x, g.weight("w", weight), g.weight("b", weight[0])), attributes);
    String pooled = g.node("GlobalAveragePool", List.of(y));
    g.output(g.node("Flatten", List.of(pooled)), 0, weight[0]);
    return g;
  }

  private static GraphBuilder matrix(GraphBuilder g, boolean left, boolean added, int... shape) {
    String x = g.relu(g.input("x", 0, shape[0], shape[1]));
    String w = left ? g.weight("w", 5, shape[0]) : g.weight("w", shape[1], 5);
    String y = g.node("MatMul", left ? List.of(w, x) : List.of(x, w));
    if (added) {
      y = g.node("Add", List.of(y, left ? g.weight("b", 5, 1) : g.weight("b", 5)));
    }
    String flat = g.node("Flatten", List.of(y));
    int wide = left ? 5 * shape[1] : 5 * shape[0];
    g.output(g.node("Gemm", List.of(flat, g.weight("v", wide, 3))), 0, 3);
    return g;
  }

  private static GraphBuilder gemm(GraphBuilder g, boolean transB, Object... attributes) {
    String x = g.relu(g.input("x", 0, 6));
    String w = transB ? g.weight("w", 4, 6) : g.weight("w", 6, 4);
    List<Object> all = new ArrayList<>(List.of("transB", transB ? 1 : 0));
    all.addAll(List.of(attributes));
    g.output(g.node("Gemm", List.of(x, w, g.weight("b", 4)), all.toArray()), 0, 4);
    return g;
  }

  static Stream<Arguments> layers() {
    long[] image = {0, 4, 7, 6};
    return Stream.of(
        layer(
            "padded",
            List.of(4, 7, 6),
            g -> convolution(g, image, new long[] {3, 4, 3, 3}, "pads", new long[] {1, 0, 2, 1})),
        layer(
            "strided and dilated",
            List.of(4, 7, 6),
            g ->
                convolution(
                    g,
                    image,
                    new long[] {3, 4, 3, 2},
                    "strides",
                    new long[] {2, 1},
                    "dilations",
                    new long[] {1, 2},
                    "pads",
                    new long[] {1, 1, 1, 1})),
        layer(
            "grouped",
            List.of(4, 7, 6),
            g -> convolution(g, image, new long[] {6, 2, 3, 3}, "group", 2)),
        layer(
            "depthwise",
            List.of(4, 7, 6),
            g -> convolution(g, image, new long[] {8, 1, 3, 3}, "group", 4)),
        layer(
            "same padding above",
            List.of(4, 7, 6),
            g ->
                convolution(
                    g,
                    image,
                    new long[] {3, 4, 2, 3},
                    "auto_pad",
                    "SAME_UPPER",
                    "strides",
                    new long[] {2, 2})),
        layer(
            "same padding below",
            List.of(4, 7, 6),
            g -> convolution(g, image, new long[] {3, 4, 2, 4}, "auto_pad", "SAME_LOWER")),
        layer(
            "one axis",
            List.of(4, 9),
            g ->
                convolution(
                    g, new long[] {0, 4, 9}, new long[] {3, 4, 3}, "strides", new long[] {2})),
        layer(
            "three axes",
            List.of(2, 4, 3, 5),
            g ->
                convolution(
                    g,
                    new long[] {0, 2, 4, 3, 5},
                    new long[] {3, 2, 2, 1, 3},
                    "pads",
                    new long[] {1, 0, 1, 0, 0, 1})),
        layer("gemm", List.of(6), g -> gemm(g, false)),
        layer("gemm with factors", List.of(6), g -> gemm(g, true, "alpha", 0.5f, "beta", 2f)),
        layer("weight on the right", List.of(3, 6), g -> matrix(g, false, false, 3, 6)),
        layer("weight on the right, added bias", List.of(3, 6), g -> matrix(g, false, true, 3, 6)),
        layer("weight on the left", List.of(3, 6), g -> matrix(g, true, false, 3, 6)),
        layer("weight on the left, added bias", List.of(3, 6), g -> matrix(g, true, true, 3, 6)));
  }

  /** The rows that a layer is refit on, times its weights, are what ONNX Runtime computes. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("layers")
  void theWeightsOfALinearNetworkAreItsLeastSquares(
      String name, List<Integer> shape, OnnxModel model) {
    OnnxModel second = other(model, 3);
    Dataset data = samples(SAMPLES, shape.toArray(Integer[]::new));
    ClosedFormResult same = refit(List.of(model, model), data);
    for (LayerFit fit : same.layers()) {
      assertEquals(Optional.empty(), fit.obstacle());
      assertTrue(fit.before() < 1e-12, fit.toString());
    }
    assertTrue(change(model, same.model(), data) < 1e-6);
    ClosedFormResult fused = refit(List.of(model, second), data);
    assertTrue(fused.layers().get(0).before() < 1e-12, fused.layers().toString());
    fused.layers().forEach(fit -> assertTrue(fit.after() <= fit.before() + 1e-12, fit.toString()));
  }

  private static ClosedFormResult refit(List<OnnxModel> models, Dataset data) {
    return ClosedForm.refit(
        models,
        0,
        List.of(0.5, 0.5),
        new ModelCouplings(),
        data,
        ClosedFormOptions.DEFAULTS,
        Progress.none());
  }

  /** Convolutions with BatchNormalization, a residual stream, and a classifier. */
  private static OnnxModel residual(int width, int stream) {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.relu(normalized(g, g.input("x", 0, 2, 6, 6), 2, stream, "stem"));
    for (int block = 0; block < 2; block++) {
      String h = g.relu(normalized(g, x, stream, width, "first" + block));
      String y = normalized(g, h, width, stream, "second" + block);
      x = g.relu(g.node("Add", block == 0 ? List.of(y, x) : List.of(x, y)));
    }
    String flat = g.node("Flatten", List.of(g.node("GlobalAveragePool", List.of(x))));
    g.output(g.gemm(flat, stream, 5), 0, 5);
    return g.read();
  }

  private static String normalized(GraphBuilder g, String x, int from, int to, String name) {
    String y =
        g.node(
            "Conv",
            List.of(x, g.weight(name + ".w", to, from, 3, 3)),
            "pads",
            new long[] {1, 1, 1, 1});
    return g.node(
        "BatchNormalization",
        List.of(
            y,
            g.weight(name + ".gamma", to),
            g.weight(name + ".beta", to),
            g.weight(name + ".mean", to),
            g.positive(name + ".variance", to)));
  }

  private static ClosedFormResult select(
      List<OnnxModel> models, int anchor, Dataset data, Double... weights) {
    return ClosedForm.select(
        models, anchor, List.of(weights), data, ClosedFormOptions.DEFAULTS, Progress.none());
  }

  @Test
  void allWeightOnTheAnchorGivesItBackBitForBit() {
    OnnxModel a = residual(4, 3);
    OnnxModel b = other(a, 1);
    Dataset data = samples(SAMPLES, 2, 6, 6);
    assertEquals(
        b.model().tensors(), select(List.of(a, b), 1, data, 0.0, 1.0).model().model().tensors());
  }

  @Test
  void allWeightOnAnotherModelGivesItsFunction() {
    OnnxModel a = residual(4, 3);
    OnnxModel b = other(a, 1);
    Dataset data = samples(SAMPLES, 2, 6, 6);
    ClosedFormResult fused = select(List.of(a, b), 1, data, 1.0, 0.0);
    assertTrue(change(a, fused.model(), data) < 5e-7, change(a, fused.model(), data) + "");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void aModelAndItsCopyGiveItBack(int anchor) {
    OnnxModel a = residual(4, 3);
    Dataset data = samples(SAMPLES, 2, 6, 6);
    ClosedFormResult fused = select(List.of(a, a), anchor, data, 0.5, 0.5);
    assertTrue(change(a, fused.model(), data) < 1e-6, change(a, fused.model(), data) + "");
    fused
        .groups()
        .forEach(g -> assertEquals(g.sizes().get(0), g.shares().get(0) + g.shares().get(1)));
  }

  @Test
  void refitBringsLayersNearerToTheModels() {
    OnnxModel a = residual(6, 5);
    OnnxModel b = other(a, 1);
    Dataset data = samples(SAMPLES, 2, 6, 6);
    ClosedFormResult fused = select(List.of(a, b), 0, data, 0.5, 0.5);
    double before = 0;
    double after = 0;
    for (LayerFit fit : fused.layers()) {
      assertEquals(Optional.empty(), fit.obstacle(), fit.toString());
      before += fit.before();
      after += fit.after();
    }
    assertTrue(after < before, fused.layers().toString());
    assertTrue(fused.layers().stream().anyMatch(LayerFit::feedback), fused.layers().toString());
  }

  @Test
  void aLayerThatCannotBeRefitIsLeftWithTheReason() {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.relu(g.input("x", 0, 6));
    String w = g.weight("w", 6, 6);
    String h = g.relu(g.node("Gemm", List.of(x, w)));
    g.output(g.node("Gemm", List.of(h, w)), 0, 6);
    OnnxModel a = g.read();
    OnnxModel b = other(a, 1);
    ClosedFormResult fused = select(List.of(a, b), 0, samples(SAMPLES, 6), 0.5, 0.5);
    assertTrue(
        fused.layers().stream()
            .allMatch(
                fit ->
                    fit.obstacle().isEmpty()
                        || fit.obstacle().get().contains("used in other places")),
        fused.layers().toString());
  }

  @Test
  void weightsThatDoNotFitAreRefused() {
    OnnxModel a = residual(4, 3);
    Dataset data = samples(SAMPLES, 2, 6, 6);
    assertThrows(
        InvalidInputException.class, () -> select(List.of(a, a), 0, data, 0.5, 0.25, 0.25));
    assertThrows(InvalidInputException.class, () -> select(List.of(a, a), 2, data, 0.5, 0.5));
    assertThrows(
        InvalidInputException.class, () -> select(List.of(a, a), 0, samples(9, 3, 6, 6), 0.5, 0.5));
  }
}
