package org.otfuse.models.numpy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import org.otfuse.InvalidInputException;
import org.otfuse.models.file.DirectMemory;

/**
 * One numpy array in row-major order, kept as the file has it.
 *
 * @param type what an element is
 * @param shape the sizes of the axes
 * @param data all elements in direct memory, its order the byte order of an element
 */
public record NpyArray(NpyType type, List<Integer> shape, ByteBuffer data) {
  private static final int CHUNK_BYTES = 1 << 16;

  /** Copies float32 values, row-major; the buffer's position stays. */
  public static NpyArray ofFloats(List<Integer> shape, FloatBuffer values) {
    ByteBuffer data = littleEndian((long) values.remaining() * Float.BYTES);
    data.asFloatBuffer().put(values.duplicate());
    return new NpyArray(NpyType.FLOAT32, List.copyOf(shape), data);
  }

  /** Copies values to an int64 array, row-major. */
  public static NpyArray ofLongs(List<Integer> shape, long[] values) {
    ByteBuffer data = littleEndian((long) values.length * Long.BYTES);
    data.asLongBuffer().put(values);
    return new NpyArray(NpyType.INT64, List.copyOf(shape), data);
  }

  private static ByteBuffer littleEndian(long bytes) {
    return DirectMemory.bytes(bytes, "an array").order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Reads one array, which must end where its header says.
   *
   * @param where what the array is called in messages
   * @param available the most bytes that the stream can have; no more than this is allocated
   */
  public static NpyArray read(InputStream in, String where, long available) throws IOException {
    NpyHeader header = NpyHeader.read(in, where);
    if (header.dataBytes() > available) {
      throw new InvalidInputException(
          "%s has shape %s of %s, which is %d bytes, but no more than %d bytes are there"
              .formatted(
                  where, header.shape(), header.type().code(), header.dataBytes(), available));
    }
    ByteBuffer data = DirectMemory.bytes(header.dataBytes(), where).order(header.order());
    byte[] chunk = new byte[CHUNK_BYTES];
    while (data.hasRemaining()) {
      int count = in.read(chunk, 0, Math.min(chunk.length, data.remaining()));
      if (count < 0) {
        throw new InvalidInputException(
            "%s ends after %d of %d data bytes".formatted(where, data.position(), data.limit()));
      }
      data.put(chunk, 0, count);
    }
    if (in.read() >= 0) {
      throw new InvalidInputException(
          "%s goes on after the %d data bytes of its shape %s"
              .formatted(where, data.limit(), header.shape()));
    }
    return new NpyArray(header.type(), header.shape(), data.flip());
  }

  /** The number of elements. */
  public int elements() {
    return data.limit() / type.bytes();
  }

  /**
   * All elements as float32: a view where they are that already, else a converted copy.
   *
   * @param where what the array is called in messages
   */
  public FloatBuffer floats(String where) {
    if (type == NpyType.FLOAT32 && data.order() == ByteOrder.nativeOrder()) {
      return data.asFloatBuffer();
    }
    int elements = elements();
    FloatBuffer floats = DirectMemory.floats(elements, where);
    for (int i = 0; i < elements; i++) {
      floats.put(i, type.floatAt(data, i));
    }
    return floats;
  }

  /** One element of an integer array. */
  public long longAt(int index) {
    return type.longAt(data, index);
  }

  /** Writes the array as npy version 1; only little-endian arrays, which the factories make. */
  public void write(OutputStream out) throws IOException {
    if (data.order() != ByteOrder.LITTLE_ENDIAN) {
      throw new IllegalStateException("only little-endian arrays are written");
    }
    out.write(NpyHeader.write(type, shape));
    ByteBuffer rest = data.duplicate().rewind();
    byte[] chunk = new byte[CHUNK_BYTES];
    while (rest.hasRemaining()) {
      int count = Math.min(chunk.length, rest.remaining());
      rest.get(chunk, 0, count);
      out.write(chunk, 0, count);
    }
  }
}
