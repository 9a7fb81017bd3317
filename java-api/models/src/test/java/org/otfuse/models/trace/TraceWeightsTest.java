package org.otfuse.models.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.otfuse.models.GraphBuilder.ints;
import static org.otfuse.models.trace.TraceChecks.axis;
import static org.otfuse.models.trace.TraceChecks.check;

import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.otfuse.Architecture;
import org.otfuse.Producer;
import org.otfuse.TensorLayout;
import org.otfuse.TensorLayout.Segment;
import org.otfuse.models.GraphBuilder;

/**
 * Traces of weights: shared ones, those behind other operators, in other places and on other sides.
 */
class TraceWeightsTest {
  @Test
  void aSharedWeightIsCopiedWhereOtherNeuronsIndexIt() {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.input("x", 0, 6);
    g.weight("shared", 5);
    String a = g.node("MatMul", List.of(x, g.weight("w", 6, 5)));
    String b = g.relu(g.node("Add", List.of(a, "shared")));
    String same = g.node("Identity", List.of("shared"));
    String v = g.node("Constant", List.of(), "value", g.tensor("", 5, 5));
    String c = g.node("MatMul", List.of(b, v));
    String d = g.relu(g.node("Add", List.of(c, same)));
    g.output(g.node("Mul", List.of(g.gemm(d, 5, 5), same)), 0, 5);
    Architecture architecture = check(g, 5, 5);
    assertEquals(
        List.of("shared", "w", "w8", "b8", "shared.2", "shared.3", "constant4"),
        architecture.tensors().stream().map(TensorLayout::name).toList());
    assertEquals(List.of(new Segment(1, 1, 5)), axis(architecture, "shared.2", 0));
    assertEquals(List.of(new Segment(2, 1, 5)), axis(architecture, "shared.3", 0));
  }

  @Test
  void aSharedWeightOfOneGroupStaysShared() {
    GraphBuilder g = new GraphBuilder(17);
    String c = g.conv(g.input("x", 0, 2, 4, 4), 2, 6);
    g.weight("slope", 6, 1, 1);
    String a = g.node("PRelu", List.of(c, "slope"));
    String b = g.node("PRelu", List.of(a, g.node("Identity", List.of("slope"))));
    g.output(g.conv(b, 6, 2), 0, 2, 4, 4);
    assertEquals(5, check(g, 6).tensors().size());
  }

  @Test
  void weightsAreFollowedThroughTransposeCastAndReshape() {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.input("x", 0, 6);
    String w = g.node("Transpose", List.of(g.weight("w", 5, 6)));
    String cast = g.node("Cast", List.of(w), "to", 1);
    String a = g.node("MatMul", List.of(x, cast));
    String column = g.node("Reshape", List.of(g.weight("b", 5, 1, 1), g.integers("s", 1, 5)));
    String b = g.relu(g.node("Add", List.of(a, column)));
    String scale = g.node("Unsqueeze", List.of(g.weight("c", 5), g.integers("u", 0)));
    g.output(g.gemm(g.node("Mul", List.of(b, scale)), 5, 2), 0, 2);
    Architecture architecture = check(g, 5);
    Producer p = architecture.groups().get(0).producers().get(0);
    assertEquals(0, p.outputAxis());
    assertEquals(OptionalInt.of(1), p.bias());
  }

  @Test
  void attributesOfOldOperatorSetsAreRead() {
    GraphBuilder g = new GraphBuilder(9);
    String c = g.relu(g.conv(g.input("x", 0, 2, 4, 4), 2, 6));
    String sliced =
        g.node("Slice", List.of(c), "axes", ints(2), "starts", ints(1), "ends", ints(4));
    String padded = g.node("Pad", List.of(sliced), "pads", ints(0, 0, 1, 0, 0, 0, 0, 0));
    String pooled =
        g.node("MaxPool", List.of(padded), "kernel_shape", ints(4, 4), "strides", ints(4, 4));
    String squeezed = g.node("Squeeze", List.of(pooled), "axes", ints(2, 3));
    g.output(g.gemm(squeezed, 6, 2), 0, 2);
    check(g, 6);
  }

  @Test
  void weightsInConstantNodesMoveLikeInitializers() {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.input("x", 0, 6);
    String w = g.node("Constant", List.of(), "value", g.tensor("", 6, 5));
    String h = g.relu(g.node("MatMul", List.of(x, w)));
    g.output(g.gemm(h, 5, 2), 0, 2);
    assertEquals("constant0", check(g, 5).tensors().get(2).name());
  }

  @Test
  void aWeightOnTheLeftMixesTokens() {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.input("x", 0, 6, 4);
    String tokens = g.relu(g.node("MatMul", List.of(g.weight("t", 5, 6), x)));
    String back = g.node("MatMul", List.of(g.weight("u", 3, 5), tokens));
    String out = g.node("MatMul", List.of(back, g.weight("w", 4, 2)));
    g.output(g.node("ReduceMean", List.of(out), "axes", ints(1), "keepdims", 0), 0, 2);
    check(g, 5);
  }
}
