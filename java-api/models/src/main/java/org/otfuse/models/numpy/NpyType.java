package org.otfuse.models.numpy;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** The element types of npy arrays that are read: floating point and integers, no complex. */
public enum NpyType {
  FLOAT32("f4", 4),
  FLOAT64("f8", 8),
  INT8("i1", 1),
  INT16("i2", 2),
  INT32("i4", 4),
  INT64("i8", 8),
  UINT8("u1", 1),
  UINT16("u2", 2),
  UINT32("u4", 4),
  UINT64("u8", 8);

  private final String code;
  private final int bytes;

  NpyType(String code, int bytes) {
    this.code = code;
    this.bytes = bytes;
  }

  /** The type of a code without its byte order, such as f4. */
  static Optional<NpyType> of(String code) {
    return Arrays.stream(values()).filter(type -> type.code.equals(code)).findFirst();
  }

  static String codes() {
    return Arrays.stream(values()).map(NpyType::code).collect(Collectors.joining(", "));
  }

  public String code() {
    return code;
  }

  int bytes() {
    return bytes;
  }

  public boolean isInteger() {
    return this != FLOAT32 && this != FLOAT64;
  }

  /** The element at an index, as the nearest float. */
  float floatAt(ByteBuffer data, int index) {
    return switch (this) {
      case FLOAT32 -> data.getFloat(index * bytes);
      case FLOAT64 -> (float) data.getDouble(index * bytes);
      default -> longAt(data, index);
    };
  }

  /** The element of an integer array; an unsigned value above Long.MAX_VALUE comes out negative. */
  long longAt(ByteBuffer data, int index) {
    int at = index * bytes;
    return switch (this) {
      case INT8 -> data.get(at);
      case UINT8 -> Byte.toUnsignedLong(data.get(at));
      case INT16 -> data.getShort(at);
      case UINT16 -> Short.toUnsignedLong(data.getShort(at));
      case INT32 -> data.getInt(at);
      case UINT32 -> Integer.toUnsignedLong(data.getInt(at));
      case INT64, UINT64 -> data.getLong(at);
      case FLOAT32, FLOAT64 -> throw new IllegalStateException(this + " is no integer type");
    };
  }
}
