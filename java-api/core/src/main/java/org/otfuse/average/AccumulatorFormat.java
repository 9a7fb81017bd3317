package org.otfuse.average;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.otfuse.FusionAccumulator;
import org.otfuse.InvalidInputException;
import org.otfuse.Model;
import org.otfuse.TensorLayout;

/**
 * The byte form of a {@link FusionAccumulator}, big-endian: "OTFA", the version, SHA-256 of the
 * anchor [32], the number of models, the sum of the weights [25], for each tensor the number of
 * values and the sums [25] each, CRC-32C of all before. How long it is follows from the anchor;
 * while it is read, memory is taken for at most twice the bytes that have come.
 */
public final class AccumulatorFormat {
  private static final int MAGIC = 0x4f544641;
  private static final int VERSION = 1;
  private static final int FINGERPRINT_BYTES = 32;
  private static final int SUMS_A_CHUNK = 4096;

  private AccumulatorFormat() {}

  /** Names, shapes and values of all tensors. */
  private static byte[] fingerprint(Model anchor) {
    MessageDigest digest = sha256();
    ByteBuffer chunk = ByteBuffer.allocate(Float.BYTES * SUMS_A_CHUNK);
    for (int t = 0; t < anchor.tensors().size(); t++) {
      TensorLayout tensor = anchor.architecture().tensors().get(t);
      String heading = tensor.name() + '\0' + tensor.shape() + '\0';
      digest.update(heading.getBytes(StandardCharsets.UTF_8));
      FloatBuffer values = anchor.tensors().get(t).duplicate();
      while (values.hasRemaining()) {
        chunk.clear();
        while (chunk.hasRemaining() && values.hasRemaining()) {
          chunk.putFloat(values.get());
        }
        digest.update(chunk.flip());
      }
    }
    return digest.digest();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /**
   * What an accumulator holds.
   *
   * @param fingerprint of the anchor
   * @param models how many were added
   * @param total the sum of their weights
   * @param tensors the weighted sums, as the anchor has tensors
   */
  public record Content(
      byte[] fingerprint, int models, WindowedSums total, List<WindowedSums> tensors) {
    /** Nothing added yet. */
    public static Content of(Model anchor) {
      List<WindowedSums> tensors = new ArrayList<>();
      anchor.architecture().tensors().forEach(t -> tensors.add(new WindowedSums(t.length())));
      return new Content(AccumulatorFormat.fingerprint(anchor), 0, new WindowedSums(1), tensors);
    }
  }

  /** Writes the byte form. */
  public static void write(OutputStream out, Content content) {
    try {
      Writer writer = new Writer(out);
      ByteBuffer head = ByteBuffer.allocate(3 * Integer.BYTES + FINGERPRINT_BYTES);
      writer.put(
          head.putInt(MAGIC).putInt(VERSION).put(content.fingerprint).putInt(content.models));
      writer.putSums(content.total);
      for (WindowedSums tensor : content.tensors) {
        writer.put(ByteBuffer.allocate(Integer.BYTES).putInt(tensor.length()));
        writer.putSums(tensor);
      }
      writer.putChecksum();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads the byte form and refuses what no sum of models can be. */
  public static Content read(InputStream in, Model anchor) {
    try {
      return read(new Reader(in), anchor);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Content read(Reader reader, Model anchor) throws IOException {
    int magic = reader.get(Integer.BYTES).getInt();
    if (magic != MAGIC) {
      throw refused("begins with %08x, expected %08x".formatted(magic, MAGIC));
    }
    int version = reader.get(Integer.BYTES).getInt();
    if (version != VERSION) {
      throw refused("has version %d, expected %d".formatted(version, VERSION));
    }
    byte[] fingerprint = fingerprint(anchor);
    if (!Arrays.equals(reader.get(FINGERPRINT_BYTES).array(), fingerprint)) {
      throw refused("belongs to another anchor than " + anchor.name());
    }
    int models = reader.get(Integer.BYTES).getInt();
    if (models < 0) {
      throw refused("counts " + models + " models, expected 0 or more");
    }
    WindowedSums total = reader.getSums(1, models, "the weights");
    List<WindowedSums> tensors = new ArrayList<>();
    for (TensorLayout layout : anchor.architecture().tensors()) {
      int length = reader.get(Integer.BYTES).getInt();
      if (length != layout.length()) {
        throw refused(
            "has %d values of tensor %s, expected %d"
                .formatted(length, layout.name(), layout.length()));
      }
      tensors.add(reader.getSums(length, models, "tensor " + layout.name()));
    }
    reader.requireChecksum();
    return new Content(fingerprint, models, total, tensors);
  }

  private static InvalidInputException refused(String reason) {
    return new InvalidInputException("The fusion accumulator " + reason + ".");
  }

  /** Writes and adds up the checksum. */
  private static final class Writer {
    private final OutputStream out;
    private final CRC32C checksum = new CRC32C();

    Writer(OutputStream out) {
      this.out = out;
    }

    void put(ByteBuffer bytes) throws IOException {
      checksum.update(bytes.array(), 0, bytes.position());
      out.write(bytes.array(), 0, bytes.position());
    }

    void putSums(WindowedSums sums) throws IOException {
      ByteBuffer chunk = ByteBuffer.allocate(WindowedSums.BYTES * SUMS_A_CHUNK);
      for (int i = 0; i < sums.length(); i++) {
        sums.write(i, chunk);
        if (!chunk.hasRemaining()) {
          put(chunk);
          chunk.clear();
        }
      }
      put(chunk);
    }

    void putChecksum() throws IOException {
      put(ByteBuffer.allocate(Integer.BYTES).putInt((int) checksum.getValue()));
    }
  }

  /** Reads and adds up the checksum. */
  private static final class Reader {
    private final InputStream in;
    private final CRC32C checksum = new CRC32C();
    private long read;

    Reader(InputStream in) {
      this.in = in;
    }

    ByteBuffer get(int length) throws IOException {
      byte[] bytes = in.readNBytes(length);
      read += bytes.length;
      if (bytes.length < length) {
        throw refused("ends after %d bytes, expected more".formatted(read));
      }
      checksum.update(bytes);
      return ByteBuffer.wrap(bytes);
    }

    WindowedSums getSums(int length, int models, String what) throws IOException {
      boolean valid = true;
      WindowedSums sums = new WindowedSums(Math.min(length, SUMS_A_CHUNK));
      for (int first = 0; first < length; first += SUMS_A_CHUNK) {
        int last = Math.min(length, first + SUMS_A_CHUNK);
        ByteBuffer chunk = get(WindowedSums.BYTES * (last - first));
        if (last > sums.length()) {
          sums = sums.longer((int) Math.min(length, 2L * first));
        }
        for (int i = first; i < last; i++) {
          valid &= sums.read(i, chunk, models);
        }
      }
      if (!valid) {
        throw refused("is damaged: %s cannot be the sum of %d models".formatted(what, models));
      }
      return sums;
    }

    void requireChecksum() throws IOException {
      int expected = (int) checksum.getValue();
      int found = get(Integer.BYTES).getInt();
      if (found != expected) {
        throw refused("is damaged: its checksum is %08x, expected %08x".formatted(found, expected));
      }
    }
  }
}
