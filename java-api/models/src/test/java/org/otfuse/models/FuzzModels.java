package org.otfuse.models;

import static org.otfuse.models.GraphBuilder.ints;

import java.util.List;

/** Small models that among them use every rule of tracing. */
final class FuzzModels {
  private FuzzModels() {}

  static List<byte[]> all() {
    return List.of(convolutions(), grouped(), shapes(), parts(), sequence(), perceptron());
  }

  private static byte[] finish(GraphBuilder g, String output) {
    g.output(output);
    return g.proto().toByteArray();
  }

  private static byte[] perceptron() {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.relu(g.gemm(g.input("x", 0, 3), 3, 4));
    String bias = g.node("Constant", List.of(), "value", g.tensor("", 2));
    String w = g.node("Transpose", List.of(g.weight("v", 2, 4)), "perm", ints(1, 0));
    return finish(g, g.node("Add", List.of(g.node("MatMul", List.of(x, w)), bias)));
  }

  private static byte[] convolutions() {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.conv(g.input("x", 0, 2, 4, 4), 2, 3);
    x =
        g.node(
            "BatchNormalization",
            List.of(
                x,
                g.positive("gamma", 3),
                g.weight("beta", 3),
                g.weight("mean", 3),
                g.positive("variance", 3)),
            "epsilon",
            1e-5f);
    x = g.relu(x);
    x = g.relu(g.node("Add", List.of(g.conv(x, 3, 3), x)));
    x = g.node("MaxPool", List.of(x), "kernel_shape", ints(2, 2), "strides", ints(2, 2));
    x = g.node("Clip", List.of(x, g.weight("low")));
    x = g.node("GlobalAveragePool", List.of(x));
    return finish(g, g.gemm(g.node("Flatten", List.of(x), "axis", 1), 3, 2));
  }

  private static byte[] grouped() {
    GraphBuilder g = new GraphBuilder(13);
    String x = g.conv(g.input("x", 0, 2, 4, 4), 2, 4);
    x = g.node("Conv", List.of(x, g.weight("d", 4, 1, 1, 1)), "group", 4);
    x = g.node("Conv", List.of(x, g.weight("g", 4, 2, 1, 1)), "group", 2);
    x =
        g.node(
            "InstanceNormalization",
            List.of(x, g.positive("s", 4), g.weight("b", 4)),
            "epsilon",
            1f);
    x =
        g.node(
            "ConvTranspose",
            List.of(x, g.weight("t", 4, 3, 2, 2)),
            "strides",
            ints(2, 2),
            "output_padding",
            ints(0, 0));
    x = g.node("PRelu", List.of(x, g.weight("slope", 3, 1, 1)));
    x = g.node("Resize", List.of(x, "", "", g.integers("sizes", 1, 3, 16, 16)));
    return finish(g, g.node("ReduceMean", List.of(x), "axes", ints(2, 3), "keepdims", 0));
  }

  /** Shape arithmetic as exporters write it. */
  private static byte[] shapes() {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.conv(g.input("x", 0, 1, 4, 4), 1, 2);
    String shape = g.node("Shape", List.of(x));
    String batch = g.node("Gather", List.of(shape, g.integer("zero", 0)), "axis", 0);
    String first = g.node("Unsqueeze", List.of(batch, g.integers("axes", 0)));
    String rest =
        g.node(
            "Slice",
            List.of(shape, g.integers("from", 1), g.integers("to", 9), g.integers("at", 0)));
    String size = g.node("ReduceProd", List.of(rest), "keepdims", 1);
    String target = g.node("Concat", List.of(first, size), "axis", 0);
    x = g.node("Reshape", List.of(x, target));
    x = g.relu(g.gemm(x, 32, 4));
    x = g.node("Reshape", List.of(x, g.integers("parted", 0, 2, 2)));
    x = g.node("Transpose", List.of(x), "perm", ints(0, 2, 1));
    x = g.node("Reshape", List.of(x, g.integers("joined", -1, 4)));
    String ones = g.node("ConstantOfShape", List.of(target));
    String range =
        g.node("Range", List.of(g.integer("a", 0), g.integer("b", 4), g.integer("c", 1)));
    x = g.node("Where", List.of(g.node("Equal", List.of(range, range)), x, x));
    x = g.node("Expand", List.of(x, g.node("Shape", List.of(x))));
    return finish(g, g.node("Mul", List.of(g.gemm(x, 4, 2), g.node("Squeeze", List.of(ones)))));
  }

  /** Axes that are stacked, split, cut, padded and read in two ways. */
  private static byte[] parts() {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.input("x", 0, 3);
    String a = g.relu(g.gemm(x, 3, 2));
    String b = g.relu(g.gemm(x, 3, 4));
    String both = g.node("Concat", List.of(a, b, a), "axis", 1);
    List<String> split = g.nodes(2, "Split", List.of(both, g.integers("lengths", 3, 5)), "axis", 1);
    String cut =
        g.node(
            "Slice",
            List.of(both, g.integers("from", 1), g.integers("to", 4), g.integers("axis", 1)));
    String sum = g.node("Add", List.of(split.get(0), cut));
    String padded = g.node("Pad", List.of(sum, g.integers("pads", 0, 1, 0, 1)));
    String taken = g.node("Gather", List.of(padded, g.integers("which", 0, 2)), "axis", 1);
    String w = g.weight("shared", 5, 5);
    String twice = g.node("MatMul", List.of(g.node("MatMul", List.of(padded, w)), w));
    String other = g.node("NoSuchOperator", List.of(taken));
    return finish(g, g.node("Concat", List.of(twice, split.get(1), other), "axis", 1));
  }

  private static byte[] sequence() {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.node("MatMul", List.of(g.input("x", 0, 3, 4), g.weight("in", 4, 4)));
    x = g.node("Add", List.of(x, g.weight("position", 1, 3, 4)));
    String q = g.node("MatMul", List.of(x, g.weight("q", 4, 4)));
    String k = g.node("Transpose", List.of(x), "perm", ints(0, 2, 1));
    String scores = g.node("Softmax", List.of(g.node("MatMul", List.of(q, k))), "axis", -1);
    String mixed = g.node("Add", List.of(g.node("MatMul", List.of(scores, x)), x));
    x =
        g.node(
            "LayerNormalization",
            List.of(mixed, g.positive("scale", 4), g.weight("shift", 4)),
            "axis",
            -1);
    String left = g.node("MatMul", List.of(g.weight("left", 2, 3), x));
    GraphBuilder inner = new GraphBuilder(17);
    inner.output(inner.node("Mul", List.of(left, "scale")));
    g.node("If", List.of("x"), "then_branch", inner.graph().build());
    String table = g.weight("table", 5, 4);
    String rows = g.node("Gather", List.of(table, g.integers("ids", 1, 2)));
    return finish(g, g.node("Add", List.of(g.node("Identity", List.of(left)), rows)));
  }
}
