package org.otfuse.models.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;

/**
 * Constants of a graph as lists of words, so that however a file writes them they compare alike.
 */
public final class ConstantValues {
  /** Longer tensors are compared by a digest. */
  private static final int MOST = 4096;

  private ConstantValues() {}

  /** The values, row-major; of many only their number and a digest. */
  public static List<String> of(TensorProto tensor, Path file) {
    DataType type = DataType.forNumber(tensor.getDataType());
    return switch (type == null ? DataType.UNDEFINED : type) {
      case FLOAT -> {
        FloatBuffer values = TensorData.floats(tensor, file);
        yield values.remaining() > MOST
            ? digest(values.remaining(), i -> Float.floatToIntBits(values.get(i)))
            : IntStream.range(0, values.remaining())
                .mapToObj(i -> Float.toString(values.get(i)))
                .toList();
      }
      case INT64, INT32, BOOL -> {
        long[] values = TensorData.integers(tensor, file);
        yield values.length > MOST
            ? digest(values.length, i -> values[i])
            : Arrays.stream(values).mapToObj(Long::toString).toList();
      }
      default -> List.of(digest(TensorData.inline(tensor, file, ExternalData.none(file))));
    };
  }

  private static List<String> digest(int count, IntToLongFunction value) {
    ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(8, count));
    IntStream.range(0, count).forEach(i -> bytes.putLong(value.applyAsLong(i)));
    return List.of(count + " values", digest(bytes.array()));
  }

  /** The type and the shape, and then the values. */
  public static List<String> withShape(TensorProto tensor, Path file) {
    List<String> words = new ArrayList<>();
    words.add(String.valueOf(DataType.forNumber(tensor.getDataType())));
    words.add(tensor.getDimsList().toString());
    words.addAll(of(tensor, file));
    return words;
  }

  /** How messages show a constant. */
  public static String text(TensorProto tensor, Path file) {
    List<String> values = of(tensor, file);
    DataType type = DataType.forNumber(tensor.getDataType());
    String text = tensor.getDimsCount() == 0 && values.size() == 1 ? values.get(0) : text(values);
    if (tensor.getDimsCount() > 1) {
      text += " of shape " + tensor.getDimsList();
    }
    return type == DataType.FLOAT || type == DataType.INT64 ? text : text + " (" + type + ")";
  }

  /** A list, cut short if it is long. */
  public static String text(List<String> values) {
    return values.size() <= 8
        ? values.toString()
        : "%s, ... %d values]"
            .formatted(values.subList(0, 8).toString().replace("]", ""), values.size());
  }

  /** The tensor that a Constant node holds, however the node writes it. */
  public static Optional<TensorProto> ofNode(NodeProto node) {
    for (AttributeProto a : node.getAttributeList()) {
      TensorProto.Builder tensor = TensorProto.newBuilder();
      switch (a.getName()) {
        case "value" -> {
          return Optional.of(a.getT());
        }
        case "value_float" -> tensor.setDataType(DataType.FLOAT.getNumber()).addFloatData(a.getF());
        case "value_floats" ->
            tensor
                .setDataType(DataType.FLOAT.getNumber())
                .addDims(a.getFloatsCount())
                .addAllFloatData(a.getFloatsList());
        case "value_int" -> tensor.setDataType(DataType.INT64.getNumber()).addInt64Data(a.getI());
        case "value_ints" ->
            tensor
                .setDataType(DataType.INT64.getNumber())
                .addDims(a.getIntsCount())
                .addAllInt64Data(a.getIntsList());
        case "value_string" ->
            tensor.setDataType(DataType.STRING.getNumber()).addStringData(a.getS());
        default -> {
          continue;
        }
      }
      return Optional.of(tensor.build());
    }
    return Optional.empty();
  }

  /** The values of an attribute that is no graph. */
  public static List<String> of(AttributeProto a, Path file) {
    return switch (a.getType()) {
      case FLOAT -> List.of(Float.toString(a.getF()));
      case INT -> List.of(Long.toString(a.getI()));
      case STRING -> List.of(a.getS().toStringUtf8());
      case FLOATS -> a.getFloatsList().stream().map(v -> Float.toString(v)).toList();
      case INTS -> a.getIntsList().stream().map(v -> Long.toString(v)).toList();
      case STRINGS -> a.getStringsList().stream().map(ByteString::toStringUtf8).toList();
      case TENSOR -> withShape(a.getT(), file);
      default -> List.of(digest(a.toBuilder().clearDocString().build()));
    };
  }

  /** A message's content in a few characters. */
  public static String digest(Message message) {
    return digest(message.toByteArray());
  }

  private static String digest(TensorProto tensor) {
    return digest((Message) tensor.toBuilder().clearName().clearDocString().clearDims().build());
  }

  private static String digest(byte[] bytes) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
      return "content " + HexFormat.of().formatHex(hash, 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
