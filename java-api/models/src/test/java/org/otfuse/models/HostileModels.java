package org.otfuse.models;

import static org.otfuse.models.GraphBuilder.ints;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.otfuse.models.file.Limits;

/** Small model files that ask for much: memory, work or depth that their bytes do not pay for. */
final class HostileModels {
  private HostileModels() {}

  /** What reading gives when nothing is refused. */
  static final String READ = "read";

  /**
   * A file.
   *
   * @param bytes its content
   * @param outcome {@link #READ}, or part of the sentence that refuses it
   */
  record Attack(byte[] bytes, String outcome) {}

  /** The files by what they do. */
  static Map<String, Attack> all() {
    Map<String, Attack> files = new LinkedHashMap<>();
    files.put(
        "claims a tensor of 1.2 GB",
        new Attack(claimedTensor(), "is a truncated or damaged ONNX file"));
    files.put(
        "names raw data 450,000 times",
        new Attack(manyRawData(), "has 0 bytes, expected 4 for shape [1]"));
    files.put("doubles integers 32 times", new Attack(doubledIntegers(), READ));
    files.put(
        "repeats 4096 integers 3000 times",
        new Attack(keptIntegers(), "integers in its shape arithmetic, expected at most 1048576"));
    files.put(
        "doubles an axis of neurons 32 times",
        new Attack(doubledNeurons(32), "segments of axes to be traced, expected at most 2097152"));
    files.put(
        "doubles an axis 14 times and reads it 10,000 times",
        new Attack(readOften(), "segments of axes to be traced, expected at most 2097152"));
    files.put(
        "stacks an axis 5000 times beside each other",
        new Attack(stackedOften(), "segments of axes to be traced, expected at most 2097152"));
    files.put(
        "has a tensor of rank 3000",
        new Attack(deepTensor(), "has 3000 axes, expected at most 1024"));
    files.put(
        "has an input of rank 3000",
        new Attack(deepInput(), "of 3000 axes, expected at most 1024"));
    files.put(
        "unsqueezes to rank 3000",
        new Attack(unsqueezed(), "has 3000 axes, expected at most 1024"));
    files.put("nests 30 subgraphs", new Attack(nested(30), READ));
    files.put(
        "nests 2000 subgraphs", new Attack(nested(2000), "is a truncated or damaged ONNX file"));
    files.put(
        "leaves 500,000 sizes open",
        new Attack(openSizes(), "steps to be traced, expected at most 20000000"));
    files.put("has 50,000 nodes that read one value", new Attack(fan(50_000), READ));
    files.put(
        "has a Constant with 50,000 values",
        new Attack(manyValues(), "has two attributes named value"));
    files.put(
        "splits an axis again and again",
        new Attack(splits(), "segments of axes to be traced, expected at most 2097152"));
    files.put(
        "convolves in 20,000 groups 100 times",
        new Attack(groups(), "steps to be traced, expected at most 20000000"));
    files.put(
        "gives one weight to 2000 neuron groups",
        new Attack(
            shared(), "where different neurons share no weight, expected at most 536870911"));
    files.put(
        "counts to the largest integer",
        new Attack(largeIntegers(), "has inputs or attributes that do not fit"));
    files.put("is full of empty messages", new Attack(emptyMessages(), "sparse tensor"));
    return files;
  }

  /** 71 bytes that say they hold a tensor of 300 million floats. */
  static byte[] claimedTensor() {
    return bytes(
        out -> {
          out.writeUInt64(ModelProto.IR_VERSION_FIELD_NUMBER, 8);
          header(out, ModelProto.GRAPH_FIELD_NUMBER, 1_300_000_000);
          header(out, GraphProto.INITIALIZER_FIELD_NUMBER, 1_200_000_100);
          out.writeInt64(TensorProto.DIMS_FIELD_NUMBER, 300_000_000);
          out.writeInt32(TensorProto.DATA_TYPE_FIELD_NUMBER, 1);
          out.writeString(TensorProto.NAME_FIELD_NUMBER, "w");
          header(out, TensorProto.RAW_DATA_FIELD_NUMBER, 1_200_000_000);
          out.writeRawBytes(new byte[33]);
        });
  }

  private static byte[] manyRawData() {
    byte[] tensor =
        bytes(
            out -> {
              out.writeInt64(TensorProto.DIMS_FIELD_NUMBER, 1);
              out.writeInt32(TensorProto.DATA_TYPE_FIELD_NUMBER, 1);
              out.writeString(TensorProto.NAME_FIELD_NUMBER, "w");
              for (int i = 0; i < 450_000; i++) {
                header(out, TensorProto.RAW_DATA_FIELD_NUMBER, 0);
              }
            });
    return withInitializer(tensor);
  }

  private static byte[] withInitializer(byte[] tensor) {
    ModelProto model = network().proto();
    return bytes(
        out -> {
          out.writeRawBytes(model.toByteArray());
          header(out, ModelProto.GRAPH_FIELD_NUMBER, tensor.length + 5);
          out.writeTag(GraphProto.INITIALIZER_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
          int length = tensor.length;
          out.writeRawBytes(
              new byte[] {
                (byte) (length | 128),
                (byte) (length >> 7 | 128),
                (byte) (length >> 14 | 128),
                (byte) (length >> 21)
              });
          out.writeRawBytes(tensor);
        });
  }

  private static GraphBuilder network() {
    GraphBuilder g = new GraphBuilder(17);
    g.output(g.gemm(g.relu(g.gemm(g.input("x", 0, 4), 4, 6)), 6, 3), 0, 3);
    return g;
  }

  private static byte[] doubledIntegers() {
    GraphBuilder g = network();
    String x = g.integers("one", 1);
    for (int i = 0; i < 32; i++) {
      x = g.node("Concat", List.of(x, x), "axis", 0);
    }
    return finish(g);
  }

  private static byte[] keptIntegers() {
    GraphBuilder g = network();
    String x = g.integers("many", new long[Limits.INTEGERS]);
    for (int i = 0; i < 3000; i++) {
      g.node("Add", List.of(x, x));
    }
    return finish(g);
  }

  private static byte[] finish(GraphBuilder g) {
    return g.proto().toByteArray();
  }

  private static byte[] doubledNeurons(int times) {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.gemm(g.input("x", 0, 4), 4, 6);
    for (int i = 0; i < times; i++) {
      x = g.node("Concat", List.of(x, x), "axis", 1);
    }
    g.output(x);
    return finish(g);
  }

  private static byte[] readOften() {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.gemm(g.input("x", 0, 4), 4, 1);
    for (int i = 0; i < 14; i++) {
      x = g.node("Concat", List.of(x, x), "axis", 1);
    }
    String w = g.weight("w", 1 << 14);
    for (int i = 0; i < 10_000; i++) {
      x = g.node("Mul", List.of(x, w));
    }
    g.output(x);
    return finish(g);
  }

  private static byte[] stackedOften() {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.gemm(g.input("x", 0, 4), 4, 1);
    for (int i = 0; i < 3; i++) {
      x = g.node("Concat", Collections.nCopies(5000, x), "axis", 1);
    }
    g.output(x);
    return finish(g);
  }

  private static byte[] deepTensor() {
    GraphBuilder g = network();
    long[] shape = new long[3000];
    Arrays.fill(shape, 1);
    g.node("Add", List.of("x", g.weight("deep", shape)));
    return finish(g);
  }

  private static byte[] deepInput() {
    GraphBuilder g = network();
    g.input("deep", new long[3000]);
    return finish(g);
  }

  private static byte[] unsqueezed() {
    GraphBuilder g = network();
    String axes = g.integers("axes", IntStream.range(0, 2998).asLongStream().toArray());
    g.node("Unsqueeze", List.of("x", axes));
    return finish(g);
  }

  /** By hand, since the library would not parse what it wrote. */
  private static byte[] nested(int depth) {
    byte[] graph = {};
    for (int i = 0; i < depth; i++) {
      byte[] inner = graph;
      byte[] attribute =
          bytes(
              out -> {
                out.writeString(AttributeProto.NAME_FIELD_NUMBER, "body");
                out.writeByteArray(AttributeProto.G_FIELD_NUMBER, inner);
              });
      byte[] node =
          bytes(
              out -> {
                out.writeString(NodeProto.OP_TYPE_FIELD_NUMBER, "Loop");
                out.writeByteArray(NodeProto.ATTRIBUTE_FIELD_NUMBER, attribute);
              });
      graph = bytes(out -> out.writeByteArray(GraphProto.NODE_FIELD_NUMBER, node));
    }
    byte[] whole = graph;
    byte[] model = network().proto().toByteArray();
    return bytes(
        out -> {
          out.writeRawBytes(model);
          out.writeByteArray(ModelProto.GRAPH_FIELD_NUMBER, whole);
        });
  }

  private static byte[] openSizes() {
    GraphBuilder g = network();
    for (int i = 0; i < 500; i++) {
      g.graph().addInput(GraphBuilder.value("open" + i, new long[0]));
      for (int d = 0; d < 1000; d++) {
        g.graph()
            .getInputBuilder(g.graph().getInputCount() - 1)
            .getTypeBuilder()
            .getTensorTypeBuilder()
            .getShapeBuilder()
            .addDimBuilder();
      }
    }
    return finish(g);
  }

  private static byte[] fan(int nodes) {
    GraphBuilder g = network();
    for (int i = 0; i < nodes; i++) {
      g.graph()
          .addNode(NodeProto.newBuilder().setOpType("Relu").addInput("gemm0").addOutput("f" + i));
    }
    return finish(g);
  }

  private static byte[] manyValues() {
    GraphBuilder g = network();
    NodeProto.Builder node = NodeProto.newBuilder().setOpType("Constant").addOutput("c");
    for (int i = 0; i < 50_000; i++) {
      node.addAttribute(
          AttributeProto.newBuilder()
              .setName("value")
              .setType(AttributeType.TENSOR)
              .setT(TensorProto.newBuilder().setDataType(1).addDims(1).addFloatData(1)));
    }
    g.graph().addNode(node);
    return finish(g);
  }

  /** Additions at ever other places of an axis, so that every one looks at all parts. */
  private static byte[] splits() {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.gemm(g.input("x", 0, 1), 1, 20_000);
    String ends = g.integers("large", Long.MAX_VALUE);
    String axes = g.integers("axis", 1);
    for (int i = 1; i < 20_000; i++) {
      g.node("Slice", List.of(x, g.integers("s" + i, i), ends, axes));
    }
    g.output(x);
    return finish(g);
  }

  private static byte[] groups() {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.input("x", 0, 40_000, 1);
    String w = g.weight("w", 40_000, 2, 1);
    for (int i = 0; i < 100; i++) {
      x = g.node("Conv", List.of(x, w), "group", 20_000, "kernel_shape", ints(1));
    }
    g.output(x);
    return finish(g);
  }

  private static byte[] shared() {
    GraphBuilder g = new GraphBuilder(17);
    String w = g.weight("w", 600, 600);
    String x = g.input("x", 0, 600);
    for (int i = 0; i < 2000; i++) {
      x = g.node("MatMul", List.of(x, w));
    }
    g.output(x);
    return finish(g);
  }

  private static byte[] largeIntegers() {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.gemm(g.input("x", 0, 4), 4, 6);
    long max = Long.MAX_VALUE;
    String large = g.integers("large", max, max);
    String shape = g.integers("shape", 1);
    g.node("Slice", List.of(large, shape, g.integers("end", max), shape, large));
    g.node("Expand", List.of(x, large));
    g.node("Slice", List.of(x, large, large, shape, large));
    g.node("Range", List.of(g.integer("a", Long.MIN_VALUE), g.integer("b", max), large));
    g.node("Flatten", List.of(x), "axis", Integer.MIN_VALUE);
    g.node("ConstantOfShape", List.of(g.integers("s", 1L << 32, 1L << 32)));
    g.node("Pad", List.of(x, g.integers("pads", max, max, max, max)));
    g.output(x);
    return finish(g);
  }

  private static byte[] emptyMessages() {
    byte[] graph =
        bytes(
            out -> {
              for (int field = 1; field < 16; field++) {
                for (int i = 0; i < 2000; i++) {
                  header(out, field, 0);
                }
              }
            });
    return bytes(
        out -> {
          out.writeRawBytes(network().proto().toByteArray());
          out.writeByteArray(ModelProto.GRAPH_FIELD_NUMBER, graph);
        });
  }

  /** Writes to a stream that needs no file. */
  @FunctionalInterface
  private interface Content {
    void writeTo(CodedOutputStream out) throws IOException;
  }

  private static byte[] bytes(Content content) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    try {
      content.writeTo(out);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void header(CodedOutputStream out, int field, int length) throws IOException {
    out.writeTag(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
    out.writeUInt32NoTag(length);
  }
}
