package org.otfuse.models.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.otfuse.models.GraphBuilder.ints;
import static org.otfuse.models.trace.TraceChecks.axis;
import static org.otfuse.models.trace.TraceChecks.check;
import static org.otfuse.models.trace.TraceChecks.layout;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.otfuse.Architecture;
import org.otfuse.Producer;
import org.otfuse.TensorLayout.Segment;
import org.otfuse.models.GraphBuilder;

/**
 * Traces through layers that compute neurons, and what belongs to these: convolutions of all kinds,
 * embeddings, normalization and elementwise operators.
 */
class TraceLayersTest {
  @Test
  void groupedConvolutionKeepsEachBlockToItself() {
    GraphBuilder g = new GraphBuilder(17);
    String c = g.relu(g.conv(g.input("x", 0, 2, 4, 4), 2, 8));
    String w = g.weight("w", 6, 4, 3, 3);
    String grouped =
        g.node("Conv", List.of(c, w, g.weight("b", 6)), "group", 2, "pads", ints(1, 1, 1, 1));
    g.output(g.conv(g.relu(grouped), 6, 2), 0, 2, 4, 4);
    Architecture a = check(g, 4, 4, 3, 3);
    assertEquals(2, layout(a, "w").slabs().size());
    Producer p = a.groups().get(3).producers().get(0);
    assertEquals(List.of(1, 0, 3), List.of(p.slab(), p.firstRow(), p.firstParameter()));
  }

  @Test
  void groupedTransposedConvolutionKeepsEachBlockToItself() {
    GraphBuilder g = new GraphBuilder(17);
    String c = g.relu(g.conv(g.input("x", 0, 2, 4, 4), 2, 8));
    String w = g.weight("w", 8, 3, 2, 2);
    String grouped =
        g.node("ConvTranspose", List.of(c, w, g.weight("b", 6)), "group", 2, "strides", ints(2, 2));
    g.output(g.conv(g.relu(grouped), 6, 2), 0, 2, 8, 8);
    Architecture a = check(g, 4, 4, 3, 3);
    assertEquals(1, a.groups().get(2).producers().get(0).outputAxis());
  }

  @Test
  void transposedConvolutionReadsItsFirstAxis() {
    GraphBuilder g = new GraphBuilder(11);
    String c = g.relu(g.conv(g.input("x", 0, 2, 4, 4), 2, 5));
    String up =
        g.node("ConvTranspose", List.of(c, g.weight("w", 5, 3, 2, 2)), "strides", ints(2, 2));
    String flat = g.node("Flatten", List.of(g.relu(up)));
    g.output(g.gemm(flat, 3 * 64, 2), 0, 2);
    check(g, 5, 3);
  }

  @Test
  void depthwiseConvolutionKeepsTheNeuronsAndMultipliesTheirBlocks() {
    GraphBuilder g = new GraphBuilder(17);
    String c = g.relu(g.conv(g.input("x", 0, 2, 4, 4), 2, 5));
    String w = g.weight("w", 10, 1, 3, 3);
    String deep =
        g.node("Conv", List.of(c, w, g.weight("b", 10)), "group", 5, "pads", ints(1, 1, 1, 1));
    g.output(g.conv(g.relu(deep), 10, 2), 0, 2, 4, 4);
    Architecture a = check(g, 5);
    assertEquals(List.of(new Segment(0, 2, 10)), axis(a, "w", 0));
    assertEquals(1, a.groups().get(0).producers().size());
  }

  @Test
  void normalizationAndBiasBelongToTheLayerBefore() {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.input("x", 0, 6);
    String product = g.node("MatMul", List.of(x, g.weight("w", 6, 5)));
    String biased = g.node("Add", List.of(g.weight("b", 5), product));
    List<String> bn =
        List.of(
            biased,
            g.weight("gamma", 5),
            g.weight("beta", 5),
            g.weight("mean", 5),
            g.positive("variance", 5));
    String normal = g.node("BatchNormalization", bn, "epsilon", 0.25f);
    g.output(g.gemm(g.relu(normal), 5, 2), 0, 2);
    Architecture a = check(g, 5);
    assertEquals(
        new Producer(
            "MatMul0",
            0,
            0,
            1,
            0,
            OptionalInt.of(1),
            Optional.of(new Producer.Normalization(2, 3, 4, 5, 0.25)),
            0,
            new Producer.Tap("batchnormalization2", 1, 0)),
        a.groups().get(0).producers().get(0));
  }

  @Test
  void squeezeAndExcitationUnitesTheGateWithTheChannels() {
    GraphBuilder g = new GraphBuilder(17);
    String c = g.relu(g.conv(g.input("x", 0, 2, 4, 4), 2, 6));
    String pooled = g.node("GlobalAveragePool", List.of(c));
    String down = g.relu(g.node("Conv", List.of(pooled, g.weight("d", 3, 6, 1, 1))));
    String up = g.node("Conv", List.of(down, g.weight("u", 6, 3, 1, 1)));
    String scaled = g.node("Mul", List.of(c, g.node("Sigmoid", List.of(up))));
    g.output(g.conv(scaled, 6, 2), 0, 2, 4, 4);
    Architecture a = check(g, 6, 3);
    assertEquals(2, a.groups().get(0).producers().size());
  }

  @Test
  void elementwiseOperatorsAndSettingsPassTheNeurons() {
    GraphBuilder g = new GraphBuilder(20);
    String x = g.conv(g.input("x", 0, 2, 4, 4), 2, 6);
    for (String operator :
        List.of("LeakyRelu", "Tanh", "Elu", "Selu", "Softplus", "HardSwish", "Mish", "Gelu")) {
      x = g.node(operator, List.of(x));
    }
    x = g.node("Clip", List.of(x, scalar(g, "low", -1), scalar(g, "high", 6)));
    x = g.node("Pow", List.of(g.node("Abs", List.of(x)), scalar(g, "two", 2)));
    x = g.node("AveragePool", List.of(x), "kernel_shape", ints(2, 2), "strides", ints(2, 2));
    x = g.node("Resize", List.of(x, "", scales(g)), "mode", "nearest");
    x = g.node("LayerNormalization", List.of(x, g.weight("ln", 6, 4, 4)), "axis", 1);
    g.output(g.conv(x, 6, 2), 0, 2, 4, 4);
    Architecture a = check(g, 6);
    assertEquals(5, a.tensors().size(), "settings are no weights: " + a.tensors());
  }

  @Test
  void embeddingsComputeNeurons() {
    GraphBuilder g = new GraphBuilder(17);
    String positive = g.node("Abs", List.of(g.input("x", 0, 4)));
    String bounded = g.node("Clip", List.of(positive, "", scalar(g, "top", 2)));
    String ids = g.node("Cast", List.of(bounded), "to", GraphBuilder.INT64);
    String words = g.node("Gather", List.of(g.weight("words", 3, 5), ids));
    String places =
        g.node("Gather", List.of(g.weight("places", 6, 5), g.integers("p", 0, 1, 2, 3)));
    String sum = g.node("Add", List.of(words, places));
    String mean = g.node("ReduceMean", List.of(sum), "axes", ints(1), "keepdims", 0);
    g.output(g.gemm(mean, 5, 2), 0, 2);
    Architecture a = check(g, 5);
    assertEquals(
        List.of("Gather3", "Gather4"),
        a.groups().get(0).producers().stream().map(Producer::node).toList());
  }

  private static String scalar(GraphBuilder g, String name, float value) {
    g.graph().addInitializer(g.tensor(name).toBuilder().clearRawData().addFloatData(value).build());
    return name;
  }

  private static String scales(GraphBuilder g) {
    g.graph()
        .addInitializer(
            g.tensor("scales", 4).toBuilder()
                .clearRawData()
                .addAllFloatData(List.of(1f, 1f, 2f, 2f))
                .build());
    return "scales";
  }
}
