package org.otfuse.models.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.ExtensionRegistryLite;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.WireFormat;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.otfuse.InvalidInputException;
import org.otfuse.UnsupportedModelException;
import org.otfuse.models.file.AtomicFile;
import org.otfuse.models.file.Excerpt;
import org.otfuse.models.file.Limits;
import org.otfuse.models.file.RegularFile;

/**
 * Reads a model file in one pass and takes each weight out as it comes, piece by piece, so that the
 * file's bytes and its floats are never in memory together. The floats share one array, because the
 * garbage collector would round each large array up to whole regions of the heap.
 */
public final class OnnxReader {
  private static final int GRAPH_TAG = tag(ModelProto.GRAPH_FIELD_NUMBER);
  private static final int NODE_TAG = tag(GraphProto.NODE_FIELD_NUMBER);
  private static final int INITIALIZER_TAG = tag(GraphProto.INITIALIZER_FIELD_NUMBER);
  private static final int RAW_TAG = tag(TensorProto.RAW_DATA_FIELD_NUMBER);

  /** Bytes of a weight that are read at once: fits the cache, and more than the stream buffers. */
  private static final int PIECE = 1 << 18;

  private final Path path;
  private final ExternalData external;
  private FloatBuffer memory = FloatBuffer.allocate(0);
  private final GraphProto.Builder graph = GraphProto.newBuilder();
  private final List<FloatBuffer> initializers = new ArrayList<>();
  private boolean hasGraph;
  private int bytes;

  private OnnxReader(Path path, ExternalData external) {
    this.path = path;
    this.external = external;
  }

  /** Reads a file. */
  public static OnnxFile read(Path path) {
    OnnxReader reader = new OnnxReader(path, ExternalData.beside(path));
    return reader.split(reader.parseFile());
  }

  /**
   * Reads a model that is in no file, so that there are none beside it.
   *
   * @param in its bytes, left open
   * @param size how many bytes there are
   * @param name what messages call it
   */
  public static OnnxFile read(InputStream in, long size, Path name) {
    OnnxReader reader = new OnnxReader(name, ExternalData.none(name));
    return reader.split(reader.parse(new BufferedInputStream(in, 1 << 16), size));
  }

  private static int tag(int field) {
    return field << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;
  }

  private ModelProto.Builder parseFile() {
    RegularFile.check(path, "an ONNX file");
    try (InputStream in = new BufferedInputStream(Files.newInputStream(path), 1 << 16)) {
      return parse(in, Files.size(path));
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private InvalidInputException unreadable(IOException e) {
    return new InvalidInputException("cannot read " + path + ": " + AtomicFile.reason(e), e);
  }

  private ModelProto.Builder parse(InputStream in, long size) {
    try {
      if (size == 0) {
        throw refuse("is empty, expected an ONNX file");
      }
      if (size > Integer.MAX_VALUE) {
        throw refuse("has " + size + " bytes; larger models keep their weights in external data");
      }
      bytes = (int) size;
      CodedInputStream coded = CodedInputStream.newInstance(in, 1 << 16);
      // No message and no field inside may claim more bytes than the file has.
      coded.pushLimit(bytes);
      ModelProto.Builder model = parseModel(coded);
      if (!hasGraph || graph.getNodeCount() == 0 || model.getIrVersion() <= 0) {
        throw refuse("is not an ONNX model");
      }
      if (model.getOpsetImportCount() == 0) {
        throw refuse("names no operator set, expected one; it may be truncated");
      }
      return model;
    } catch (InvalidProtocolBufferException e) {
      throw new InvalidInputException(
          path + (hasGraph ? " is a truncated or damaged ONNX file" : " is not an ONNX model"), e);
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private ModelProto.Builder parseModel(CodedInputStream in) throws IOException {
    UnknownFieldSet.Builder rest = UnknownFieldSet.newBuilder();
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (tag == GRAPH_TAG) {
        hasGraph = true;
        int outer = in.pushLimit(in.readRawVarint32());
        parseGraph(in);
        in.popLimit(outer);
      } else if (!rest.mergeFieldFrom(tag, in)) {
        throw new InvalidProtocolBufferException("unexpected end of a group");
      }
    }
    return ModelProto.newBuilder().mergeFrom(rest.build().toByteString());
  }

  private void parseGraph(CodedInputStream in) throws IOException {
    ExtensionRegistryLite none = ExtensionRegistryLite.getEmptyRegistry();
    UnknownFieldSet.Builder rest = UnknownFieldSet.newBuilder();
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (tag == NODE_TAG) {
        graph.addNode(in.readMessage(NodeProto.parser(), none));
      } else if (tag == INITIALIZER_TAG) {
        int outer = in.pushLimit(in.readRawVarint32());
        parseInitializer(in);
        in.popLimit(outer);
      } else if (!rest.mergeFieldFrom(tag, in)) {
        throw new InvalidProtocolBufferException("unexpected end of a group");
      }
    }
    if (in.getBytesUntilLimit() > 0) {
      throw new InvalidProtocolBufferException("the graph ends early");
    }
    graph.mergeFrom(rest.build().toByteString());
  }

  /** Raw floats go where they belong at once if everything that tells their number came before. */
  private void parseInitializer(CodedInputStream in) throws IOException {
    UnknownFieldSet.Builder rest = UnknownFieldSet.newBuilder();
    Optional<FloatBuffer> data = Optional.empty();
    boolean first = true;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      TensorProto known = first && tag == RAW_TAG ? tensor(rest) : TensorProto.getDefaultInstance();
      first &= tag != RAW_TAG;
      if (isNamedFloat(known)) {
        data = readRaw(in, known, rest);
      } else if (!rest.mergeFieldFrom(tag, in)) {
        throw new InvalidProtocolBufferException("unexpected end of a group");
      }
    }
    if (in.getBytesUntilLimit() > 0) {
      throw new InvalidProtocolBufferException("the tensor ends early");
    }
    TensorProto tensor = tensor(rest);
    if (data.isEmpty()) {
      addInitializer(tensor);
    } else if (!tensor.hasRawData()
        && isNamedFloat(tensor)
        && TensorData.count(tensor, path) == data.get().remaining()) {
      initializers.add(data.get());
      graph.addInitializer(TensorData.withoutData(tensor));
    } else {
      throw new InvalidProtocolBufferException("the tensor contradicts itself");
    }
  }

  private static TensorProto tensor(UnknownFieldSet.Builder fields)
      throws InvalidProtocolBufferException {
    return TensorProto.parseFrom(fields.build().toByteString());
  }

  private static boolean isNamedFloat(TensorProto tensor) {
    return tensor.getDataType() == DataType.FLOAT.getNumber()
        && tensor.hasName()
        && !TensorData.isExternal(tensor);
  }

  /** Floats of the number that the shape asks for, or else the bytes as a field like any other. */
  private Optional<FloatBuffer> readRaw(
      CodedInputStream in, TensorProto known, UnknownFieldSet.Builder rest) throws IOException {
    int size = in.readRawVarint32();
    if (size != (long) TensorData.count(known, path) * Float.BYTES) {
      ByteString bytes = ByteString.copyFrom(in.readRawBytes(size));
      rest.mergeField(
          TensorProto.RAW_DATA_FIELD_NUMBER,
          UnknownFieldSet.Field.newBuilder().addLengthDelimited(bytes).build());
      return Optional.empty();
    }
    if (size > in.getBytesUntilLimit()) {
      throw new InvalidProtocolBufferException("the tensor ends early");
    }
    FloatBuffer data = allocate(size / Float.BYTES);
    while (data.hasRemaining()) {
      int piece = Math.min(PIECE, data.remaining() * Float.BYTES);
      ByteBuffer bytes = ByteBuffer.wrap(in.readRawBytes(piece)).order(ByteOrder.LITTLE_ENDIAN);
      data.put(bytes.asFloatBuffer());
    }
    return Optional.of(data.flip());
  }

  /** Memory for a weight, inside the array that all the file's weights share. */
  private FloatBuffer allocate(int count) {
    if (memory.capacity() == 0) {
      memory = FloatBuffer.allocate(bytes / Float.BYTES);
    }
    if (count > memory.remaining()) {
      return FloatBuffer.allocate(count);
    }
    FloatBuffer part = memory.slice(memory.position(), count);
    memory.position(memory.position() + count);
    return part;
  }

  private void addInitializer(TensorProto tensor) {
    if (tensor.getDataType() == DataType.FLOAT.getNumber()) {
      initializers.add(TensorData.floats(tensor, path, external, this::allocate));
      graph.addInitializer(TensorData.withoutData(tensor));
    } else {
      TensorData.count(tensor, path);
      initializers.add(null);
      graph.addInitializer(TensorData.inline(tensor, path, external));
    }
  }

  /** Tells weights from settings, which stay in the skeleton. */
  private OnnxFile split(ModelProto.Builder model) {
    if (graph.getSparseInitializerCount() > 0) {
      throw new UnsupportedModelException(
          "%s has the sparse tensor %s, expected dense weights"
              .formatted(path, graph.getSparseInitializer(0).getValues().getName()));
    }
    NodeCheck.check(graph, path);
    checkSizes(graph.getInputList());
    checkSizes(graph.getOutputList());
    Settings settings = new Settings(graph.getNodeList());
    List<Parameter> parameters = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (int i = 0; i < initializers.size(); i++) {
      TensorProto tensor = graph.getInitializer(i);
      String name = tensor.getName();
      FloatBuffer data = initializers.get(i);
      if (!names.add(name)) {
        throw refuse("has two tensors named " + Excerpt.of(name));
      }
      if (data == null) {
        settings.checkNoWeight(name, tensor, path);
      } else if (settings.contains(name, data.remaining())) {
        graph.setInitializer(i, withData(tensor, data));
      } else {
        parameters.add(parameter(name, tensor, data, i, -1));
      }
    }
    for (int n = 0; n < graph.getNodeCount(); n++) {
      NodeProto node = graph.getNode(n);
      if (node.getOpType().equals("Constant") && node.getOutputCount() == 1) {
        splitConstant(n, node, settings, parameters);
      }
    }
    return new OnnxFile(
        path, external.files(), model.setGraph(graph).build(), List.copyOf(parameters));
  }

  /** A single value or a mask with infinities in a Constant node is a setting, no weight. */
  private void splitConstant(int n, NodeProto node, Settings settings, List<Parameter> parameters) {
    if (node.getAttributeCount() > 1) {
      throw refuse(
          "has the Constant %s with %d attributes, expected one"
              .formatted(Excerpt.of(node.getOutput(0)), node.getAttributeCount()));
    }
    for (int a = 0; a < node.getAttributeCount(); a++) {
      AttributeProto attribute = node.getAttribute(a);
      if (!attribute.getName().equals("value") || !attribute.hasT()) {
        continue;
      }
      TensorProto tensor = attribute.getT();
      String name = node.getOutput(0);
      if (tensor.getDataType() != DataType.FLOAT.getNumber()) {
        TensorData.count(tensor, path);
        settings.checkNoWeight(name, tensor, path);
        replace(n, node, a, TensorData.inline(tensor, path, external));
        continue;
      }
      FloatBuffer data = TensorData.floats(tensor, path, external, this::allocate);
      if (data.remaining() <= 1 || settings.contains(name, data.remaining()) || hasInfinity(data)) {
        replace(n, node, a, TensorData.inline(tensor, path, external));
      } else {
        replace(n, node, a, TensorData.withoutData(tensor));
        parameters.add(parameter(name, tensor, data, -1, n));
      }
    }
  }

  /** Inputs and outputs have to be arrays that a Java program can feed and fetch. */
  private void checkSizes(List<ValueInfoProto> values) {
    for (ValueInfoProto value : values) {
      List<Dimension> sizes = value.getType().getTensorType().getShape().getDimList();
      if (sizes.size() > Limits.RANK) {
        throw refuse(
            "has the input or output %s of %d axes, expected at most %d"
                .formatted(Excerpt.of(value.getName()), sizes.size(), Limits.RANK));
      }
      for (Dimension size : sizes) {
        if (size.getDimValue() > Integer.MAX_VALUE) {
          throw refuse(
              "has the input or output %s with an axis of size %d, expected at most %d"
                  .formatted(Excerpt.of(value.getName()), size.getDimValue(), Integer.MAX_VALUE));
        }
      }
    }
  }

  private void replace(int n, NodeProto node, int attribute, TensorProto tensor) {
    if (node.getAttribute(attribute).getT() != tensor) {
      NodeProto.Builder builder = node.toBuilder();
      builder.getAttributeBuilder(attribute).setT(tensor);
      graph.setNode(n, builder);
    }
  }

  private Parameter parameter(
      String name, TensorProto tensor, FloatBuffer data, int initializer, int node) {
    float[] values = data.array();
    int first = data.arrayOffset() + data.position();
    for (int p = first; p < first + data.remaining(); p++) {
      if (!(Math.abs(values[p]) <= Float.MAX_VALUE)) {
        throw new InvalidInputException(
            "tensor %s of %s has %s at index %d, expected finite values"
                .formatted(name, path, values[p], p - first));
      }
    }
    return new Parameter(name, TensorData.shape(tensor), data, initializer, node);
  }

  private static boolean hasInfinity(FloatBuffer data) {
    for (int i = 0; i < data.remaining(); i++) {
      if (Float.isInfinite(data.get(i))) {
        return true;
      }
    }
    return false;
  }

  private static TensorProto withData(TensorProto tensor, FloatBuffer data) {
    TensorProto.Builder builder = tensor.toBuilder();
    for (int i = 0; i < data.remaining(); i++) {
      builder.addFloatData(data.get(i));
    }
    return builder.build();
  }

  private InvalidInputException refuse(String what) {
    return new InvalidInputException(path + " " + what);
  }
}
