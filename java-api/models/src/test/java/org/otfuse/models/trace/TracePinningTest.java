package org.otfuse.models.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.otfuse.models.GraphBuilder.ints;
import static org.otfuse.models.trace.TraceChecks.check;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.otfuse.Architecture;
import org.otfuse.NeuronGroup;
import org.otfuse.models.GraphBuilder;

/** Traces that have to leave neurons where they are, with what they say about it. */
class TracePinningTest {
  @Test
  void paddedChannelsOfAShortcutPinOnlyTheNeuronsAddedToZeros() {
    GraphBuilder g = new GraphBuilder(17);
    String c = g.relu(g.conv(g.input("x", 0, 2, 4, 4), 2, 4));
    String padded = g.node("Pad", List.of(c, g.integers("p", 0, 2, 0, 0, 0, 2, 0, 0)));
    String sum = g.node("Add", List.of(padded, g.conv(c, 4, 8)));
    g.output(g.conv(g.relu(sum), 8, 2), 0, 2, 4, 4);
    Architecture a = check(g, 4);
    assertEquals(2, a.groups().get(0).producers().size());
    assertEquals(
        List.of(4, 2, 2, 2), a.groups().stream().map(NeuronGroup::size).toList(), "of all groups");
  }

  @Test
  void anUnknownOperatorPinsItsNeuronsAndWarns() {
    GraphBuilder g = new GraphBuilder(17);
    String a = g.relu(g.gemm(g.input("x", 0, 6), 6, 5));
    String sorted = g.node("CumSum", List.of(a, g.integer("axis", 1)));
    g.output(g.gemm(g.relu(g.gemm(sorted, 5, 4)), 4, 2), 0, 2);
    GraphBuilder declared = g;
    declared.graph().addValueInfo(GraphBuilder.value("cumsum2", 0, 5));
    Architecture architecture = check(declared, 4);
    assertEquals(
        Optional.of("CumSum CumSum2 is an operator that is not known"),
        architecture.groups().get(0).pinned());
    assertEquals(1, architecture.warnings().size());
    assertTrue(architecture.warnings().get(0).contains("CumSum2"));
  }

  /** The crop may lie along the channels, and then what comes out are other channels. */
  @Test
  void aResizeThatCropsPinsItsChannels() {
    GraphBuilder g = new GraphBuilder(17);
    String c = g.relu(g.conv(g.input("x", 0, 2, 4, 4), 2, 4));
    String region = floats(g, "region", 0, 0.25f, 0, 0, 1, 0.75f, 1, 1);
    List<String> inputs = List.of(c, region, floats(g, "scales", 1, 1, 1, 1));
    String crop = "tf_crop_and_resize";
    String r = g.node("Resize", inputs, "coordinate_transformation_mode", crop, "mode", "linear");
    g.graph().addValueInfo(GraphBuilder.value(r, 0, 4, 4, 4));
    g.output(g.conv(r, 4, 2), 0, 2, 4, 4);
    assertEquals(
        Optional.of("Resize Resize2 cannot be followed: it crops what it resizes"),
        g.read().model().architecture().groups().get(0).pinned());
  }

  private static String floats(GraphBuilder g, String name, float... values) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(GraphBuilder.FLOAT)
            .addDims(values.length);
    for (float value : values) {
      tensor.addFloatData(value);
    }
    g.graph().addInitializer(tensor);
    return name;
  }

  @Test
  void whatASubgraphReadsIsPinned() {
    GraphBuilder inner = new GraphBuilder(17);
    inner.output(inner.node("Neg", List.of("relu1")), 0, 5);
    GraphProto branch = inner.graph().build();
    GraphBuilder g = new GraphBuilder(17);
    String a = g.relu(g.gemm(g.input("x", 0, 6), 6, 5));
    String sum = g.node("ReduceSum", List.of("x"), "keepdims", 0);
    String positive = g.node("Greater", List.of(sum, g.weight("zero", 1)));
    String squeezed = g.node("Squeeze", List.of(positive));
    String either = g.node("If", List.of(squeezed), "then_branch", branch, "else_branch", branch);
    g.graph().addValueInfo(GraphBuilder.value(either, 0, 5));
    String b = g.relu(g.gemm(g.node("Add", List.of(either, a)), 5, 4));
    g.output(g.gemm(b, 4, 2), 0, 2);
    check(g, 4);
  }

  @Test
  void aProductOfActivationsPinsBoth() {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.input("x", 0, 4, 6);
    String q = g.node("MatMul", List.of(x, g.weight("q", 6, 5)));
    String k = g.node("MatMul", List.of(x, g.weight("k", 6, 5)));
    String kt = g.node("Transpose", List.of(k), "perm", ints(0, 2, 1));
    String scores = g.node("Softmax", List.of(g.node("MatMul", List.of(q, kt))), "axis", -1);
    String mixed = g.node("MatMul", List.of(scores, x));
    String h = g.relu(g.node("MatMul", List.of(mixed, g.weight("h", 6, 7))));
    String out = g.node("MatMul", List.of(h, g.weight("o", 7, 2)));
    g.output(out, 0, 4, 2);
    Architecture a = check(g, 7);
    assertEquals(1, a.warnings().size());
  }

  @Test
  void aSkipFromTheInputPinsWhatItIsAddedTo() {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.input("x", 0, 6);
    String h = g.relu(g.gemm(x, 6, 5));
    String sum = g.node("Add", List.of(x, g.gemm(h, 5, 6)));
    g.output(g.gemm(sum, 6, 2), 0, 2);
    Architecture a = check(g, 5);
    assertTrue(a.groups().get(1).pinned().orElse("").contains("Add3"), a.groups().toString());
  }

  @Test
  void layersBehindAnUnknownOperatorAreAlignedAgain() {
    GraphBuilder g = new GraphBuilder(17);
    String a = g.relu(g.conv(g.input("x", 0, 2, 4, 4), 2, 4));
    String unknown = g.node("DepthToSpace", List.of(a), "blocksize", 2);
    String c = g.relu(g.conv(g.relu(g.conv(unknown, 1, 5)), 5, 6));
    String flat = g.node("Flatten", List.of(g.node("GlobalMaxPool", List.of(c))));
    g.output(g.gemm(flat, 6, 2), 0, 2);
    check(g, 5, 6);
  }
}
