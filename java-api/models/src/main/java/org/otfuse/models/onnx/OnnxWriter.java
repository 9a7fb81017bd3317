package org.otfuse.models.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Map;
import org.otfuse.UnsupportedModelException;

/**
 * Writes a skeleton with weights as an ONNX file. The three outer messages are written by hand, so
 * that the weights stream from their buffers and are never copied as a whole.
 */
public final class OnnxWriter {
  private static final int CHUNK = 1 << 14;

  private final ModelProto model;
  private final GraphProto graph;
  private final Map<Integer, FloatBuffer> initializers;
  private final Map<Integer, FloatBuffer> constants;
  private final byte[] chunk = new byte[CHUNK * Float.BYTES];

  /**
   * Prepares to write.
   *
   * @param skeleton the file without its weights
   * @param initializers the weights by index of the initializer
   * @param constants the weights by index of the Constant node
   */
  public OnnxWriter(
      ModelProto skeleton,
      Map<Integer, FloatBuffer> initializers,
      Map<Integer, FloatBuffer> constants) {
    this.model = skeleton.toBuilder().clearGraph().build();
    this.graph = skeleton.getGraph();
    this.initializers = initializers;
    this.constants = constants;
  }

  public void writeTo(OutputStream stream) throws IOException {
    writeTo(CodedOutputStream.newInstance(stream, 1 << 16));
  }

  public void writeTo(byte[] bytes) throws IOException {
    writeTo(CodedOutputStream.newInstance(bytes));
  }

  private void writeTo(CodedOutputStream out) throws IOException {
    GraphProto rest = graph.toBuilder().clearNode().clearInitializer().build();
    long graphSize = graphSize(rest);
    model.writeTo(out);
    header(out, ModelProto.GRAPH_FIELD_NUMBER, graphSize);
    for (int n = 0; n < graph.getNodeCount(); n++) {
      if (constants.containsKey(n)) {
        writeConstant(out, graph.getNode(n), constants.get(n));
      } else {
        out.writeMessage(GraphProto.NODE_FIELD_NUMBER, graph.getNode(n));
      }
    }
    for (int i = 0; i < graph.getInitializerCount(); i++) {
      TensorProto tensor = graph.getInitializer(i);
      if (initializers.containsKey(i)) {
        FloatBuffer data = initializers.get(i);
        header(out, GraphProto.INITIALIZER_FIELD_NUMBER, tensorSize(tensor, data));
        writeTensor(out, tensor, data);
      } else {
        out.writeMessage(GraphProto.INITIALIZER_FIELD_NUMBER, tensor);
      }
    }
    rest.writeTo(out);
    out.flush();
  }

  /** The file's size in bytes. */
  public int size() {
    return size(graphSize(graph.toBuilder().clearNode().clearInitializer().build()));
  }

  private int size(long graphSize) {
    long size =
        model.getSerializedSize()
            + CodedOutputStream.computeTagSize(ModelProto.GRAPH_FIELD_NUMBER)
            + CodedOutputStream.computeUInt64SizeNoTag(graphSize)
            + graphSize;
    if (size > Integer.MAX_VALUE) {
      throw new UnsupportedModelException(
          "the model takes " + size + " bytes, expected at most 2147483647 in one ONNX file");
    }
    return (int) size;
  }

  private long graphSize(GraphProto rest) {
    long size = rest.getSerializedSize();
    for (int n = 0; n < graph.getNodeCount(); n++) {
      NodeProto node = graph.getNode(n);
      long length =
          constants.containsKey(n)
              ? constantSize(node, constants.get(n))
              : node.getSerializedSize();
      size += nested(GraphProto.NODE_FIELD_NUMBER, length);
    }
    for (int i = 0; i < graph.getInitializerCount(); i++) {
      TensorProto tensor = graph.getInitializer(i);
      long length =
          initializers.containsKey(i)
              ? tensorSize(tensor, initializers.get(i))
              : tensor.getSerializedSize();
      size += nested(GraphProto.INITIALIZER_FIELD_NUMBER, length);
    }
    return size;
  }

  private static long nested(int field, long length) {
    return CodedOutputStream.computeTagSize(field)
        + CodedOutputStream.computeUInt64SizeNoTag(length)
        + length;
  }

  private static long tensorSize(TensorProto tensor, FloatBuffer data) {
    return tensor.getSerializedSize()
        + nested(TensorProto.RAW_DATA_FIELD_NUMBER, data.remaining() * (long) Float.BYTES);
  }

  private static int valueIndex(NodeProto node) {
    int index = 0;
    while (!node.getAttribute(index).getName().equals("value")) {
      index++;
    }
    return index;
  }

  private static long constantSize(NodeProto node, FloatBuffer data) {
    AttributeProto value = node.getAttribute(valueIndex(node));
    AttributeProto bare = value.toBuilder().clearT().build();
    long length =
        bare.getSerializedSize()
            + nested(AttributeProto.T_FIELD_NUMBER, tensorSize(value.getT(), data));
    return node.toBuilder().removeAttribute(valueIndex(node)).build().getSerializedSize()
        + nested(NodeProto.ATTRIBUTE_FIELD_NUMBER, length);
  }

  private void writeConstant(CodedOutputStream out, NodeProto node, FloatBuffer data)
      throws IOException {
    AttributeProto value = node.getAttribute(valueIndex(node));
    AttributeProto bare = value.toBuilder().clearT().build();
    long tensorSize = tensorSize(value.getT(), data);
    header(out, GraphProto.NODE_FIELD_NUMBER, constantSize(node, data));
    node.toBuilder().removeAttribute(valueIndex(node)).build().writeTo(out);
    header(
        out,
        NodeProto.ATTRIBUTE_FIELD_NUMBER,
        bare.getSerializedSize() + nested(AttributeProto.T_FIELD_NUMBER, tensorSize));
    bare.writeTo(out);
    header(out, AttributeProto.T_FIELD_NUMBER, tensorSize);
    writeTensor(out, value.getT(), data);
  }

  private void writeTensor(CodedOutputStream out, TensorProto tensor, FloatBuffer data)
      throws IOException {
    tensor.writeTo(out);
    FloatBuffer source = data.duplicate();
    header(out, TensorProto.RAW_DATA_FIELD_NUMBER, source.remaining() * Float.BYTES);
    ByteBuffer bytes = ByteBuffer.wrap(chunk).order(ByteOrder.LITTLE_ENDIAN);
    FloatBuffer floats = bytes.asFloatBuffer();
    while (source.hasRemaining()) {
      int n = Math.min(CHUNK, source.remaining());
      floats.clear();
      floats.put(source.slice(source.position(), n));
      source.position(source.position() + n);
      out.writeRawBytes(chunk, 0, n * Float.BYTES);
    }
  }

  private static void header(CodedOutputStream out, int field, long length) throws IOException {
    out.writeTag(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
    out.writeUInt64NoTag(length);
  }
}
