package org.otfuse.models;

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
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/** Makes small model files by hand. Nodes are named after their operator and number. */
public final class GraphBuilder {
  public static final int FLOAT = 1;
  public static final int INT64 = 7;

  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("test");
  private final Random random = new Random(7);
  private final long opset;

  public GraphBuilder(long opset) {
    this.opset = opset;
  }

  /** A float input; a size of 0 is left open. */
  public String input(String name, long... shape) {
    graph.addInput(value(name, shape));
    return name;
  }

  public void output(String name, long... shape) {
    graph.addOutput(value(name, shape));
  }

  public static ValueInfoProto value(String name, long... shape) {
    TensorShapeProto.Builder sizes = TensorShapeProto.newBuilder();
    for (int axis = 0; axis < shape.length; axis++) {
      if (shape[axis] == 0) {
        sizes.addDimBuilder().setDimParam("size" + axis);
      } else {
        sizes.addDimBuilder().setDimValue(shape[axis]);
      }
    }
    TypeProto.Tensor tensor =
        TypeProto.Tensor.newBuilder().setElemType(FLOAT).setShape(sizes).build();
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(TypeProto.newBuilder().setTensorType(tensor))
        .build();
  }

  /** A normally distributed initializer. */
  public String weight(String name, long... shape) {
    graph.addInitializer(tensor(name, shape));
    return name;
  }

  /** An initializer of values from 0.5 to 1.5. */
  public String positive(String name, long... shape) {
    TensorProto.Builder tensor = tensor(name, shape).toBuilder().clearRawData();
    long count = 1;
    for (long size : shape) {
      count *= size;
    }
    for (long i = 0; i < count; i++) {
      tensor.addFloatData(0.5f + random.nextFloat());
    }
    graph.addInitializer(tensor);
    return name;
  }

  public TensorProto tensor(String name, long... shape) {
    TensorProto.Builder tensor = TensorProto.newBuilder().setName(name).setDataType(FLOAT);
    int count = 1;
    for (long size : shape) {
      tensor.addDims(size);
      count *= (int) size;
    }
    ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      bytes.putFloat((float) (0.5 * random.nextGaussian()));
    }
    return tensor.setRawData(ByteString.copyFrom(bytes.flip())).build();
  }

  /** A vector of integers as an initializer. */
  public String integers(String name, long... values) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setName(name).setDataType(INT64).addDims(values.length);
    for (long value : values) {
      tensor.addInt64Data(value);
    }
    graph.addInitializer(tensor);
    return name;
  }

  /** A scalar integer as an initializer. */
  public String integer(String name, long value) {
    graph.addInitializer(
        TensorProto.newBuilder().setName(name).setDataType(INT64).addInt64Data(value));
    return name;
  }

  /** A node with one output, whose name is the node's in lower case. */
  public String node(String operator, List<String> inputs, Object... attributes) {
    return nodes(1, operator, inputs, attributes).get(0);
  }

  public List<String> nodes(
      int outputs, String operator, List<String> inputs, Object... attributes) {
    String name = operator + graph.getNodeCount();
    NodeProto.Builder node =
        NodeProto.newBuilder().setName(name).setOpType(operator).addAllInput(inputs);
    for (int i = 0; i < outputs; i++) {
      node.addOutput(name.toLowerCase() + (i == 0 ? "" : "_" + i));
    }
    for (int i = 0; i < attributes.length; i += 2) {
      node.addAttribute(attribute((String) attributes[i], attributes[i + 1]));
    }
    graph.addNode(node);
    return node.getOutputList();
  }

  private static AttributeProto attribute(String name, Object value) {
    AttributeProto.Builder attribute = AttributeProto.newBuilder().setName(name);
    if (value instanceof Integer number) {
      return attribute.setType(AttributeType.INT).setI(number).build();
    }
    if (value instanceof Float number) {
      return attribute.setType(AttributeType.FLOAT).setF(number).build();
    }
    if (value instanceof String text) {
      return attribute.setType(AttributeType.STRING).setS(ByteString.copyFromUtf8(text)).build();
    }
    if (value instanceof TensorProto tensor) {
      return attribute.setType(AttributeType.TENSOR).setT(tensor).build();
    }
    if (value instanceof GraphProto inner) {
      return attribute.setType(AttributeType.GRAPH).setG(inner).build();
    }
    attribute.setType(AttributeType.INTS);
    for (long number : (long[]) value) {
      attribute.addInts(number);
    }
    return attribute.build();
  }

  public static long[] ints(long... values) {
    return values;
  }

  /** A convolution of 3x3 with padding, with a weight and a bias of its own. */
  public String conv(String x, int from, int to) {
    int n = graph.getNodeCount();
    String w = weight("w" + n, to, from, 3, 3);
    String b = weight("b" + n, to);
    return node("Conv", List.of(x, w, b), "pads", ints(1, 1, 1, 1));
  }

  /** A fully connected layer with a weight [to,from] and a bias of its own. */
  public String gemm(String x, int from, int to) {
    int n = graph.getNodeCount();
    String w = weight("w" + n, to, from);
    String b = weight("b" + n, to);
    return node("Gemm", List.of(x, w, b), "transB", 1);
  }

  public String relu(String x) {
    return node("Relu", List.of(x));
  }

  public GraphProto.Builder graph() {
    return graph;
  }

  public ModelProto proto() {
    return ModelProto.newBuilder()
        .setIrVersion(8)
        .setProducerName("test")
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(opset))
        .setGraph(graph)
        .build();
  }

  /** Writes the model to a temporary file and reads it. */
  public OnnxModel read() {
    try {
      Path file = Files.createTempFile("otfuse", ".onnx");
      try {
        Files.write(file, proto().toByteArray());
        return OnnxModel.read(file);
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
