package org.otfuse.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.otfuse.BackendChoice;
import org.otfuse.FusionEngine;
import org.otfuse.FusionOptions;
import org.otfuse.InvalidInputException;

/** Networks that compute otherwise are not fused; those that only say it otherwise are. */
class FunctionTest {
  /** A network whose hidden convolution goes through something that is tried out. */
  private static OnnxModel network(long opset, BiFunction<GraphBuilder, String, String> middle) {
    return network(opset, 4, middle);
  }

  private static OnnxModel network(
      long opset, int width, BiFunction<GraphBuilder, String, String> middle) {
    GraphBuilder g = new GraphBuilder(opset);
    String h = middle.apply(g, g.conv(g.input("x", 0, 2, 6, 6), 2, width));
    String pooled = g.node("GlobalAveragePool", List.of(h));
    g.output(g.conv(pooled, width, 3), 0, 3, 1, 1);
    return g.read();
  }

  private static BiFunction<GraphBuilder, String, String> node(
      String operator, Object... attributes) {
    return (g, x) -> g.node(operator, List.of(x), attributes);
  }

  /** A node whose further inputs are float constants. */
  private static BiFunction<GraphBuilder, String, String> floats(
      String operator, boolean constants, float... values) {
    return (g, x) -> {
      List<String> inputs = new ArrayList<>(List.of(x));
      for (int i = 0; i < values.length; i++) {
        TensorProto tensor =
            TensorProto.newBuilder()
                .setName("c" + i)
                .setDataType(GraphBuilder.FLOAT)
                .addFloatData(values[i])
                .build();
        if (constants) {
          inputs.add(g.node("Constant", List.of(), "value", tensor));
        } else {
          g.graph().addInitializer(tensor);
          inputs.add("c" + i);
        }
      }
      return g.node(operator, inputs);
    };
  }

  /** A node whose further inputs are vectors of integers. */
  private static BiFunction<GraphBuilder, String, String> integers(
      String operator, List<long[]> values, Object... attributes) {
    return (g, x) -> {
      List<String> inputs = new ArrayList<>(List.of(x));
      for (int i = 0; i < values.size(); i++) {
        inputs.add(g.integers("i" + i, values.get(i)));
      }
      return g.node(operator, inputs, attributes);
    };
  }

  private static long[] ints(long... values) {
    return values;
  }

  private static BiFunction<GraphBuilder, String, String> resize(float scale, String mode) {
    return (g, x) -> {
      g.graph()
          .addInitializer(
              TensorProto.newBuilder()
                  .setName("scales")
                  .setDataType(GraphBuilder.FLOAT)
                  .addDims(4)
                  .addAllFloatData(List.of(1f, 1f, scale, scale)));
      return g.node("Resize", List.of(x, "", "scales"), "mode", mode);
    };
  }

  private static BiFunction<GraphBuilder, String, String> token(long index, long axis) {
    return (g, x) -> {
      String taken = g.node("Gather", List.of(x, g.integer("t", index)), "axis", (int) axis);
      return g.node("Unsqueeze", List.of(taken, g.integers("axes", 3)));
    };
  }

  private static BiFunction<GraphBuilder, String, String> split(int part) {
    return (g, x) ->
        g.nodes(2, "Split", List.of(x, g.integers("lengths", 2, 4)), "axis", 2).get(part);
  }

  private static BiFunction<GraphBuilder, String, String> sub(boolean turned) {
    return (g, x) -> {
      String y = g.relu(x);
      return g.node("Sub", turned ? List.of(y, x) : List.of(x, y));
    };
  }

  private static BiFunction<GraphBuilder, String, String> branch(String operator, float bound) {
    return (g, x) -> {
      GraphProto.Builder then = GraphProto.newBuilder().setName("then");
      then.addInitializer(
          TensorProto.newBuilder()
              .setName("b")
              .setDataType(GraphBuilder.FLOAT)
              .addFloatData(bound));
      then.addNode(
          NodeProto.newBuilder().setOpType(operator).addInput(x).addInput("b").addOutput("t"));
      then.addOutput(GraphBuilder.value("t", 0, 4, 6, 6));
      GraphProto.Builder otherwise = GraphProto.newBuilder().setName("else");
      otherwise.addNode(NodeProto.newBuilder().setOpType("Identity").addInput(x).addOutput("e"));
      otherwise.addOutput(GraphBuilder.value("e", 0, 4, 6, 6));
      TensorProto yes =
          TensorProto.newBuilder().setName("yes").setDataType(9).addInt32Data(1).build();
      g.graph().addInitializer(yes);
      return g.node(
          "If", List.of("yes"), "then_branch", then.build(), "else_branch", otherwise.build());
    };
  }

  static Stream<Arguments> differentFunctions() {
    return Stream.of(
        arguments(network(17, node("Tanh")), network(17, node("Relu")), "node Tanh1 is Tanh"),
        arguments(
            network(17, floats("Clip", false, 0, 0.1f)),
            network(17, floats("Clip", false, 0, 6)),
            "max of node Clip1 is 0.1, expected 6.0"),
        arguments(
            network(17, floats("Clip", true, 0, 6)),
            network(17, floats("Clip", true, -1, 6)),
            "min of node Clip3 is 0.0, expected -1.0"),
        arguments(
            network(17, floats("Pow", false, 3)),
            network(17, floats("Pow", false, 2)),
            "input 1 of node Pow1 is 3.0, expected 2.0"),
        arguments(
            network(17, floats("Mul", true, 3)),
            network(17, floats("Mul", true, 2)),
            "input 1 of node Mul2 is 3.0, expected 2.0"),
        arguments(
            network(17, floats("Min", false, 6)),
            network(17, floats("Min", false, 5)),
            "input 1 of node Min1 is 6.0, expected 5.0"),
        arguments(
            network(17, token(0, 3)),
            network(17, token(4, 3)),
            "input 1 of node Gather1 is 0, expected 4"),
        arguments(
            network(17, token(0, 2)), network(17, token(0, 3)), "attribute axis of node Gather1"),
        arguments(
            network(17, node("ReduceMean", "axes", ints(2))),
            network(17, node("ReduceMean", "axes", ints(3))),
            "axes of node ReduceMean1 is 2, expected 3"),
        arguments(
            network(18, integers("ReduceMean", List.of(ints(2)))),
            network(13, node("ReduceMean", "axes", ints(3))),
            "axes of node ReduceMean1 is 2, expected 3"),
        arguments(
            network(17, integers("Slice", List.of(ints(0), ints(2), ints(2)))),
            network(17, integers("Slice", List.of(ints(2), ints(4), ints(2)))),
            "the part of axis 2 of node Slice1 is 2 from 0 by 1, expected 2 from 2 by 1"),
        arguments(
            network(17, integers("Pad", List.of(ints(0, 0, 1, 0, 0, 0, 0, 0)))),
            network(17, integers("Pad", List.of(ints(0, 0, 0, 0, 0, 0, 1, 0)))),
            "pads of node Pad1"),
        arguments(network(17, split(0)), network(17, split(1)), "the output of node Split1"),
        arguments(
            network(17, resize(2, "nearest")),
            network(17, resize(3, "nearest")),
            "scales of node Resize1 is [1.0, 1.0, 2.0, 2.0]"),
        arguments(
            network(17, resize(2, "nearest")),
            network(17, resize(2, "linear")),
            "attribute mode of node Resize1 is nearest, expected linear"),
        arguments(
            network(17, node("Transpose", "perm", ints(0, 1, 3, 2))),
            network(17, node("Transpose", "perm", ints(0, 1, 2, 3))),
            "attribute perm of node Transpose1"),
        arguments(
            network(17, node("LeakyRelu", "alpha", 0.2f)),
            network(17, node("LeakyRelu")),
            "attribute alpha of node LeakyRelu1 is 0.2, expected 0.01"),
        arguments(
            network(17, node("AveragePool", "kernel_shape", ints(3, 3), "pads", ints(1, 1, 1, 1))),
            network(
                17,
                node(
                    "AveragePool",
                    "kernel_shape",
                    ints(3, 3),
                    "pads",
                    ints(1, 1, 1, 1),
                    "count_include_pad",
                    1)),
            "attribute count_include_pad of node AveragePool1 is 0, expected 1"),
        arguments(
            network(17, node("AveragePool", "kernel_shape", ints(3, 3))),
            network(17, node("AveragePool", "kernel_shape", ints(3, 3), "strides", ints(2, 2))),
            "attribute strides of node AveragePool1 is none, expected [2, 2]"),
        arguments(
            network(11, node("Softmax")), network(13, node("Softmax")), "axis of node Softmax1"),
        arguments(network(17, sub(true)), network(17, sub(false)), "input 0 of node Sub2"),
        arguments(
            network(17, branch("Max", 1)),
            network(17, branch("Min", 1)),
            "node t in then_branch of node If1 is Max, expected Min"),
        arguments(
            network(17, branch("Max", 1)),
            network(17, branch("Max", 2)),
            "input 1 of node t in then_branch of node If1 is 1.0, expected 2.0"));
  }

  @ParameterizedTest(name = "{2}")
  @MethodSource("differentFunctions")
  void differentFunctionsAreRefusedByTheEngineInWords(
      OnnxModel found, OnnxModel expected, String words) {
    try (FusionEngine engine = FusionEngine.open(BackendChoice.JAVA)) {
      InvalidInputException refused =
          assertThrows(
              InvalidInputException.class,
              () -> engine.fuse(List.of(expected.model(), found.model()), FusionOptions.DEFAULTS));
      assertTrue(refused.getMessage().contains(words), refused.getMessage());
    }
    assertTrue(DifferenceTest.difference(expected, found).isPresent(), "the other way round");
  }

  static Stream<Arguments> sameFunctions() {
    return Stream.of(
        arguments("widths", network(17, 4, node("Relu")), network(17, 7, node("Relu"))),
        arguments(
            "default",
            network(17, node("LeakyRelu", "alpha", 0.01f)),
            network(17, node("LeakyRelu"))),
        arguments(
            "default list",
            network(17, node("MaxPool", "kernel_shape", ints(2, 2), "strides", ints(1, 1))),
            network(17, node("MaxPool", "kernel_shape", ints(2, 2)))),
        arguments(
            "bounds as initializers and as nodes",
            network(17, floats("Clip", false, 0, 6)),
            network(17, floats("Clip", true, 0, 6))),
        arguments(
            "bounds as attributes and as inputs",
            network(6, node("Clip", "min", 0f, "max", 6f)),
            network(13, floats("Clip", true, 0, 6))),
        arguments(
            "axes as attribute and as input",
            network(13, node("ReduceMean", "axes", ints(2, 3))),
            network(18, integers("ReduceMean", List.of(ints(-1, -2))))),
        arguments(
            "pads as attribute and as input",
            network(10, node("Pad", "pads", ints(0, 0, 1, 0, 0, 0, 0, 0))),
            network(13, integers("Pad", List.of(ints(0, 0, 1, 0, 0, 0, 0, 0))))),
        arguments(
            "slice as attributes and as inputs",
            network(9, node("Slice", "starts", ints(0), "ends", ints(4), "axes", ints(2))),
            network(13, integers("Slice", List.of(ints(0), ints(-2), ints(-2))))),
        arguments("softmax", network(11, node("Softmax", "axis", 3)), network(13, node("Softmax"))),
        arguments(
            "passing on",
            network(
                17, (g, x) -> g.node("Dropout", List.of(g.node("Identity", List.of(g.relu(x)))))),
            network(17, node("Relu"))),
        arguments("flattened widths", network(17, 4, flat(4)), network(17, 6, flat(6))),
        arguments("depthwise", network(17, 4, depthwise(4)), network(17, 6, depthwise(6))),
        arguments("split widths", network(17, 4, halves(4)), network(17, 6, halves(6))),
        arguments("branches", network(17, branch("Max", 1)), network(17, branch("Max", 1))));
  }

  private static BiFunction<GraphBuilder, String, String> flat(int width) {
    return (g, x) -> {
      String rows = g.node("Reshape", List.of(x, g.integers("flat", 0, width * 36)));
      return g.node("Reshape", List.of(g.relu(rows), g.integers("square", 0, width, 6, 6)));
    };
  }

  private static BiFunction<GraphBuilder, String, String> depthwise(int width) {
    return (g, x) -> g.node("Conv", List.of(x, g.weight("depth", width, 1, 3, 3)), "group", width);
  }

  private static BiFunction<GraphBuilder, String, String> halves(int width) {
    return (g, x) -> {
      String both = g.node("Concat", List.of(x, g.conv(x, width, width)), "axis", 1);
      List<String> parts =
          g.nodes(2, "Split", List.of(both, g.integers("s", width, width)), "axis", 1);
      return g.node("Add", List.of(parts.get(0), g.relu(parts.get(1))));
    };
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("sameFunctions")
  void theSameFunctionSaidOtherwisePasses(String what, OnnxModel a, OnnxModel b) {
    assertEquals(Optional.empty(), DifferenceTest.difference(a, b), what);
    assertEquals(Optional.empty(), DifferenceTest.difference(b, a), what);
  }

  @Test
  void namesAndTheOrderOfNodesDoNotCount() {
    OnnxModel plain = residual(graph -> {});
    OnnxModel renamed =
        residual(
            graph -> {
              List<NodeProto> nodes = new ArrayList<>(graph.getNodeList());
              Collections.reverse(nodes);
              graph.clearNode();
              for (NodeProto node : nodes) {
                NodeProto.Builder other = node.toBuilder().setName("other " + node.getName());
                for (int i = 0; i < node.getInputCount(); i++) {
                  if (node.getInput(i).startsWith("relu")) {
                    other.setInput(i, "other " + node.getInput(i));
                  }
                }
                if (node.getOutput(0).startsWith("relu")) {
                  other.setOutput(0, "other " + node.getOutput(0));
                }
                graph.addNode(other);
              }
            });
    assertEquals(Optional.empty(), DifferenceTest.difference(plain, renamed));
  }

  private static OnnxModel residual(Consumer<GraphProto.Builder> change) {
    GraphBuilder g = new GraphBuilder(17);
    String a = g.relu(g.gemm(g.input("x", 0, 6), 6, 5));
    String b = g.relu(g.gemm(a, 5, 5));
    g.output(g.gemm(g.node("Add", List.of(a, b)), 5, 3), 0, 3);
    change.accept(g.graph());
    return g.read();
  }

  @Test
  void tensorsThatChangePlacesAreNotTakenForEachOther() {
    OnnxModel found = normalized("gamma", "beta");
    OnnxModel expected = normalized("beta", "gamma");
    assertTrue(
        DifferenceTest.difference(found, expected)
            .orElse("none")
            .contains(
                "input 1 of node BatchNormalization1 is tensor gamma (2), expected tensor gamma (3)"),
        DifferenceTest.difference(found, expected).toString());
  }

  private static OnnxModel normalized(String first, String second) {
    return network(
        17,
        (g, x) -> {
          g.positive(first, 4);
          g.positive(second, 4);
          return g.node(
              "BatchNormalization",
              List.of(x, "gamma", "beta", g.positive("m", 4), g.positive("v", 4)));
        });
  }

  @Test
  void weightsInsideASubgraphAreReportedAsNotFused() {
    OnnxModel model = network(17, inner(1));
    assertEquals(Optional.empty(), DifferenceTest.difference(model, network(17, inner(2))));
    assertTrue(
        model
            .model()
            .architecture()
            .warnings()
            .contains("Weights inside node If1 stay as they are in the anchor: inside."),
        model.model().architecture().warnings().toString());
  }

  @Test
  void weightsInAnIfInsideAnIfAreReportedWithWhereTheyAre() {
    OnnxModel model =
        network(
            17,
            (g, x) -> {
              inner(1).apply(g, x);
              GraphProto.Builder outer = GraphProto.newBuilder().setName("outer");
              outer.addNode(
                  g.graph().getNode(g.graph().getNodeCount() - 1).toBuilder()
                      .setName("deep")
                      .setOutput(0, "deep"));
              outer.addOutput(GraphBuilder.value(outer.getNode(0).getOutput(0), 0, 4, 6, 6));
              g.graph().removeNode(g.graph().getNodeCount() - 1);
              return g.node(
                  "If", List.of("yes"), "then_branch", outer.build(), "else_branch", outer.build());
            });
    List<String> warnings = model.model().architecture().warnings();
    for (String branch : List.of("then_branch", "else_branch")) {
      assertTrue(
          warnings.stream()
              .anyMatch(
                  w ->
                      w.startsWith("Weights inside node deep")
                          && w.contains(" in " + branch + " of node If")
                          && w.endsWith(" stay as they are in the anchor: inside.")),
          warnings.toString());
    }
    assertEquals(warnings.size(), warnings.stream().distinct().count(), warnings.toString());
  }

  private static BiFunction<GraphBuilder, String, String> inner(float value) {
    return (g, x) -> {
      GraphProto.Builder then = GraphProto.newBuilder().setName("then");
      then.addInitializer(
          TensorProto.newBuilder()
              .setName("inside")
              .setDataType(GraphBuilder.FLOAT)
              .addDims(1)
              .addDims(4)
              .addDims(1)
              .addDims(1)
              .addAllFloatData(List.of(value, 1f, 1f, 1f)));
      then.addNode(
          NodeProto.newBuilder().setOpType("Mul").addInput(x).addInput("inside").addOutput("t"));
      then.addOutput(GraphBuilder.value("t", 0, 4, 6, 6));
      g.graph()
          .addInitializer(TensorProto.newBuilder().setName("yes").setDataType(9).addInt32Data(1));
      return g.node("If", List.of("yes"), "then_branch", then.build(), "else_branch", then.build());
    };
  }

  @Test
  void anotherNumberOfOutputsIsRefused() {
    GraphBuilder g = new GraphBuilder(17);
    String h = g.relu(g.gemm(g.input("x", 0, 6), 6, 5));
    g.output(g.gemm(h, 5, 3), 0, 3);
    GraphBuilder two = new GraphBuilder(17);
    String k = two.relu(two.gemm(two.input("x", 0, 6), 6, 5));
    two.output(two.gemm(k, 5, 3), 0, 3);
    two.output(k, 0, 5);
    assertEquals(
        Optional.of("the number of outputs of the graph is 2, expected 1"),
        DifferenceTest.difference(two.read(), g.read()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"mlp-a", "vgg11-a", "resnet18-a", "resnet18-folded-a", "vit-a"})
  void aNetworkIsTheSameAfterWritingAndReading(String name) {
    OnnxModel model = OnnxModel.read(ZooTest.zoo(name));
    assertEquals(Optional.empty(), DifferenceTest.difference(RoundTripTest.again(model), model));
  }

  /** Before version 13 it took all axes from the given one on. */
  @Test
  void aSoftmaxOverAnAxisFarBelowZeroIsReadAtOnce() {
    GraphBuilder g = new GraphBuilder(11);
    String hidden = g.gemm(g.input("x", 0, 4), 4, 3);
    g.output(g.node("Softmax", List.of(hidden), "axis", Integer.MIN_VALUE), 0, 3);
    assertEquals(
        Optional.empty(),
        g.read().model().architecture().difference(g.read().model().architecture()));
  }
}
