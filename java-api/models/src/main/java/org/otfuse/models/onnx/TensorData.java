package org.otfuse.models.onnx;

import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataLocation;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntFunction;
import org.otfuse.InvalidInputException;
import org.otfuse.models.file.Excerpt;
import org.otfuse.models.file.Limits;

/** Decodes the encodings of a tensor in a model file, and checks them against its shape. */
public final class TensorData {
  /** The most values that one tensor of an ONNX file can hold. */
  public static final int MAX_VALUES = Integer.MAX_VALUE / Float.BYTES;

  private TensorData() {}

  /** The number of values that the shape asks for, after a check of the shape. */
  public static int count(TensorProto tensor, Path file) {
    if (tensor.getDimsCount() > Limits.RANK) {
      throw new InvalidInputException(
          "tensor %s of %s has %d axes, expected at most %d"
              .formatted(Excerpt.of(tensor.getName()), file, tensor.getDimsCount(), Limits.RANK));
    }
    long count = 1;
    for (long size : tensor.getDimsList()) {
      if (size < 0 || size > MAX_VALUES || (count *= size) > MAX_VALUES) {
        throw new InvalidInputException(
            "tensor %s of %s has shape %s, expected sizes from 0 and at most %d values"
                .formatted(tensor.getName(), file, tensor.getDimsList(), MAX_VALUES));
      }
    }
    return (int) count;
  }

  /** The sizes of the axes. */
  static List<Integer> shape(TensorProto tensor) {
    return tensor.getDimsList().stream().map(Math::toIntExact).toList();
  }

  static boolean isExternal(TensorProto tensor) {
    return tensor.getDataLocation() == DataLocation.EXTERNAL;
  }

  /** The values of a FLOAT tensor whose data is inside. */
  public static FloatBuffer floats(TensorProto tensor, Path file) {
    return floats(tensor, file, ExternalData.none(file), FloatBuffer::allocate);
  }

  /**
   * The values of a FLOAT tensor.
   *
   * @param external where data that lies outside the file is read
   * @param allocate gives the memory for a number of values, once it is sure that they are there
   */
  public static FloatBuffer floats(
      TensorProto tensor, Path file, ExternalData external, IntFunction<FloatBuffer> allocate) {
    int count = count(tensor, file);
    if (isExternal(tensor) || tensor.hasRawData()) {
      ByteBuffer bytes = bytes(tensor, count, 4, file, external);
      return allocate.apply(count).put(bytes.asFloatBuffer()).flip();
    }
    checkCount(tensor, tensor.getFloatDataCount(), count, file);
    FloatBuffer values = allocate.apply(count);
    tensor.getFloatDataList().forEach(values::put);
    return values.flip();
  }

  /** The values of an INT32, INT64 or BOOL tensor. */
  public static long[] integers(TensorProto tensor, Path file) {
    int count = count(tensor, file);
    if (isExternal(tensor) || tensor.hasRawData()) {
      int width = width(tensor.getDataType());
      ByteBuffer bytes = bytes(tensor, count, width, file, ExternalData.none(file));
      long[] values = new long[count];
      for (int i = 0; i < count; i++) {
        values[i] = width == 8 ? bytes.getLong() : width == 4 ? bytes.getInt() : (long) bytes.get();
      }
      return values;
    }
    boolean wide = tensor.getDataType() == DataType.INT64.getNumber();
    checkCount(tensor, wide ? tensor.getInt64DataCount() : tensor.getInt32DataCount(), count, file);
    long[] values = new long[count];
    for (int i = 0; i < count; i++) {
      values[i] = wide ? tensor.getInt64Data(i) : tensor.getInt32Data(i);
    }
    return values;
  }

  /** The tensor with everything but its data. */
  static TensorProto withoutData(TensorProto tensor) {
    return tensor.toBuilder()
        .clearRawData()
        .clearFloatData()
        .clearExternalData()
        .clearDataLocation()
        .build();
  }

  /** The tensor with its data inside, wherever it was. */
  static TensorProto inline(TensorProto tensor, Path file, ExternalData external) {
    if (!isExternal(tensor)) {
      return tensor;
    }
    int width = width(tensor.getDataType());
    if (width == 0) {
      throw new InvalidInputException(
          "tensor %s of %s has external data of type %d, which has no fixed width"
              .formatted(tensor.getName(), file, tensor.getDataType()));
    }
    ByteBuffer bytes = bytes(tensor, count(tensor, file), width, file, external);
    return withoutData(tensor).toBuilder().setRawData(ByteString.copyFrom(bytes)).build();
  }

  private static ByteBuffer bytes(
      TensorProto tensor, int count, int width, Path file, ExternalData external) {
    long expected = (long) count * width;
    ByteBuffer bytes;
    if (isExternal(tensor)) {
      bytes = external.read(tensor, expected);
    } else {
      bytes = tensor.getRawData().asReadOnlyByteBuffer();
      if (bytes.remaining() != expected) {
        throw new InvalidInputException(
            "tensor %s of %s has %d bytes, expected %d for shape %s"
                .formatted(
                    tensor.getName(), file, bytes.remaining(), expected, tensor.getDimsList()));
      }
    }
    return bytes.order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void checkCount(TensorProto tensor, int found, int expected, Path file) {
    if (found != expected) {
      throw new InvalidInputException(
          "tensor %s of %s has %d values, expected %d for shape %s"
              .formatted(tensor.getName(), file, found, expected, tensor.getDimsList()));
    }
  }

  /** Bytes of one value, or 0 if the type has no fixed width. */
  private static int width(int dataType) {
    DataType type = DataType.forNumber(dataType);
    return type == null
        ? 0
        : switch (type) {
          case INT8, UINT8, BOOL -> 1;
          case INT16, UINT16, FLOAT16, BFLOAT16 -> 2;
          case FLOAT, INT32, UINT32 -> 4;
          case DOUBLE, INT64, UINT64, COMPLEX64 -> 8;
          case COMPLEX128 -> 16;
          default -> 0;
        };
  }
}
