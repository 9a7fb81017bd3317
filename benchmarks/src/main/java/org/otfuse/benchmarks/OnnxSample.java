package org.otfuse.benchmarks;

import ai.onnx.proto.OnnxMl.AttributeProto;
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
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.otfuse.Architecture;
import org.otfuse.TensorLayout;

/** Writes layers that follow each other, linear or convolutional, as an ONNX file. */
final class OnnxSample {
  private static final int IR_VERSION = 8;
  private static final int OPSET = 17;
  private static final String INPUT = "input";

  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("sample");
  private String value = INPUT;

  private OnnxSample() {}

  static void write(Path path, Architecture architecture, FloatBuffer weights) throws IOException {
    ModelProto model = new OnnxSample().build(architecture, weights.duplicate());
    try (OutputStream out = Files.newOutputStream(path)) {
      model.writeTo(out);
    }
  }

  private ModelProto build(Architecture architecture, FloatBuffer weights) {
    int rank = architecture.tensors().get(0).shape().size();
    graph.addInput(info(INPUT, rank, architecture.tensors().get(0).shape().get(1)));
    int left = architecture.groups().size();
    for (TensorLayout tensor : architecture.tensors()) {
      graph.addInitializer(initializer(tensor, weights));
      if (tensor.shape().size() > 1) {
        if (rank > 2 && tensor.shape().size() == 2) {
          node("GlobalAveragePool");
          node("Flatten");
        }
        layer(architecture, tensor);
        if (left-- > 0) {
          node("Relu");
        }
      }
    }
    int classes = architecture.tensors().get(architecture.tensors().size() - 1).shape().get(0);
    graph.addOutput(info(value, 2, classes));
    return ModelProto.newBuilder()
        .setIrVersion(IR_VERSION)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(OPSET))
        .setGraph(graph)
        .build();
  }

  /** Batches of rows, or of square images with so many channels. */
  private static ValueInfoProto info(String name, int rank, int size) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimParam("N"));
    shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(size));
    for (int a = 2; a < rank; a++) {
      shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(32));
    }
    TypeProto.Tensor.Builder type =
        TypeProto.Tensor.newBuilder().setElemType(TensorProto.DataType.FLOAT_VALUE).setShape(shape);
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(TypeProto.newBuilder().setTensorType(type))
        .build();
  }

  private static TensorProto initializer(TensorLayout tensor, FloatBuffer weights) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Float.BYTES * tensor.length()).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(weights.slice(weights.position(), tensor.length()));
    weights.position(weights.position() + tensor.length());
    TensorProto.Builder proto =
        TensorProto.newBuilder()
            .setName(tensor.name())
            .setDataType(TensorProto.DataType.FLOAT_VALUE)
            .setRawData(ByteString.copyFrom(bytes));
    tensor.shape().forEach(proto::addDims);
    return proto.build();
  }

  private void layer(Architecture architecture, TensorLayout weight) {
    boolean convolution = weight.shape().size() > 2;
    NodeProto.Builder layer = node(convolution ? "Conv" : "Gemm").addInput(weight.name());
    String bias = weight.name().replace("weight", "bias");
    if (architecture.tensors().stream().anyMatch(t -> t.name().equals(bias))) {
      layer.addInput(bias);
    }
    if (convolution) {
      AttributeProto.Builder pads =
          AttributeProto.newBuilder().setName("pads").setType(AttributeProto.AttributeType.INTS);
      for (int side = 0; side < 4; side++) {
        pads.addInts(weight.shape().get(2) / 2);
      }
      layer.addAttribute(pads);
    } else {
      layer.addAttribute(
          AttributeProto.newBuilder()
              .setName("transB")
              .setType(AttributeProto.AttributeType.INT)
              .setI(1));
    }
  }

  /** A node that reads what the last one wrote. */
  private NodeProto.Builder node(String operator) {
    String output = "value" + graph.getNodeCount();
    NodeProto.Builder node =
        graph
            .addNodeBuilder()
            .setName(output)
            .setOpType(operator)
            .addInput(value)
            .addOutput(output);
    value = output;
    return node;
  }
}
