package org.otfuse.cli;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/** Makes model files of a few neurons. Nodes are named after what they compute. */
final class TinyModel {
  private static final int FLOAT = 1;
  private static final int INT64 = 7;
  private static final int BOOL = 9;

  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("tiny");
  private final Random random;

  TinyModel(long seed) {
    this.random = new Random(seed);
  }

  /** A fully connected network with Relu between its layers, from {@code image} to {@code y}. */
  static Path mlp(Path file, long seed, int... widths) throws IOException {
    TinyModel model = new TinyModel(seed);
    String x = model.input("image", FLOAT, 0, widths[0]);
    for (int l = 1; l < widths.length; l++) {
      x = model.gemm("h" + l, x, widths[l - 1], widths[l]);
      x = l < widths.length - 1 ? model.node("Relu", "r" + l, x) : x;
    }
    return model.output(x, 0, widths[widths.length - 1]).write(file);
  }

  /** A layer on rows of a length that the file leaves open. */
  static Path open(Path file, long seed) throws IOException {
    TinyModel model = new TinyModel(seed);
    String h = model.node("Relu", "r", model.gemm("h", model.input("image", FLOAT, 0, 0), 3, 5));
    return model.output(model.gemm("y", h, 5, 2), 0, 2).write(file);
  }

  /** A network whose middle is an operator that nobody knows, which pins what it touches. */
  static Path pinned(Path file, long seed, int first, int second) throws IOException {
    TinyModel model = new TinyModel(seed);
    String h = model.gemm("h1", model.input("image", FLOAT, 0, 3), 3, first);
    String c = model.node("CumSum", "c", h, model.axis());
    String k = model.node("Relu", "r", model.gemm("h2", c, first, second));
    return model.output(model.gemm("y", k, second, 2), 0, 2).write(file);
  }

  private String axis() {
    graph.addInitializer(
        TensorProto.newBuilder().setName("axis").setDataType(INT64).addInt64Data(1));
    return "axis";
  }

  /** A network that multiplies its input by another one of integers. */
  static Path masked(Path file, long seed) throws IOException {
    TinyModel model = new TinyModel(seed);
    model.input("image", FLOAT, 0, 3);
    String mask = model.input("mask", INT64, 0, 3);
    model.graph.addNode(
        NodeProto.newBuilder()
            .setOpType("Cast")
            .setName("cast")
            .addInput(mask)
            .addOutput("cast")
            .addAttribute(
                AttributeProto.newBuilder().setName("to").setType(AttributeType.INT).setI(FLOAT)));
    String x = model.node("Mul", "product", "image", "cast");
    String h = model.node("Relu", "r", model.gemm("h", x, 3, 5));
    return model.output(model.gemm("y", h, 5, 2), 0, 2).write(file);
  }

  /** A network with weights of its own in both branches of an If. */
  static Path branched(Path file, long seed) throws IOException {
    TinyModel model = new TinyModel(seed);
    String h = model.node("Relu", "r", model.gemm("h", model.input("image", FLOAT, 0, 3), 3, 5));
    model.graph.addInitializer(
        TensorProto.newBuilder().setName("yes").setDataType(BOOL).addInt32Data(1));
    model.graph.addNode(
        NodeProto.newBuilder()
            .setOpType("If")
            .setName("branch")
            .addInput("yes")
            .addOutput("branch")
            .addAttribute(model.branch("then_branch", h))
            .addAttribute(model.branch("else_branch", h)));
    return model.output(model.gemm("y", "branch", 5, 2), 0, 2).write(file);
  }

  private AttributeProto branch(String name, String x) {
    GraphProto.Builder inner = GraphProto.newBuilder().setName(name);
    inner.addInitializer(tensor(name + ".weight", 5));
    inner.addNode(
        NodeProto.newBuilder()
            .setOpType("Mul")
            .setName("mul")
            .addInput(x)
            .addInput(name + ".weight")
            .addOutput(name + ".out"));
    inner.addOutput(value(name + ".out", FLOAT, 0, 5));
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeType.GRAPH)
        .setG(inner)
        .build();
  }

  /** An input; a size of 0 is left open. */
  private String input(String name, int type, int... shape) {
    graph.addInput(value(name, type, shape));
    return name;
  }

  private TinyModel output(String name, int... shape) {
    graph.addOutput(value(name, FLOAT, shape));
    return this;
  }

  private static ValueInfoProto value(String name, int type, int... shape) {
    TensorShapeProto.Builder sizes = TensorShapeProto.newBuilder();
    for (int size : shape) {
      if (size == 0) {
        sizes.addDimBuilder().setDimParam("batch");
      } else {
        sizes.addDimBuilder().setDimValue(size);
      }
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(TypeProto.Tensor.newBuilder().setElemType(type).setShape(sizes)))
        .build();
  }

  private String node(String operator, String name, String... inputs) {
    graph.addNode(
        NodeProto.newBuilder()
            .setOpType(operator)
            .setName(name)
            .addAllInput(List.of(inputs))
            .addOutput(name));
    return name;
  }

  private String gemm(String name, String x, int from, int to) {
    graph.addInitializer(tensor(name + ".weight", from, to));
    graph.addInitializer(tensor(name + ".bias", to));
    return node("Gemm", name, x, name + ".weight", name + ".bias");
  }

  private TensorProto tensor(String name, int... shape) {
    TensorProto.Builder tensor = TensorProto.newBuilder().setName(name).setDataType(FLOAT);
    int count = 1;
    for (int size : shape) {
      tensor.addDims(size);
      count *= size;
    }
    for (int i = 0; i < count; i++) {
      tensor.addFloatData((float) random.nextGaussian());
    }
    return tensor.build();
  }

  private Path write(Path file) throws IOException {
    ModelProto model =
        ModelProto.newBuilder()
            .setIrVersion(8)
            .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(17))
            .setGraph(graph)
            .build();
    return Files.write(file, model.toByteArray());
  }
}
