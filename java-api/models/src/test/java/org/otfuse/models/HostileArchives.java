package org.otfuse.models;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.otfuse.models.HostileModels.Attack;
import org.otfuse.models.numpy.NpyArray;
import org.otfuse.models.numpy.NpyHeader;
import org.otfuse.models.numpy.NpyType;

/** Small npz files that are not what they say. */
final class HostileArchives {
  private static final int CENTRAL = 0x02014b50;

  private HostileArchives() {}

  /** The files by what they do. */
  static Map<String, Attack> all() {
    Map<String, Attack> files = new LinkedHashMap<>();
    files.put(
        "claims more than its zip can hold",
        new Attack(zip("images.npy", floats(500_000_000)), "no more than 128 bytes are there"));
    files.put(
        "claims to unpack to 100 MB",
        new Attack(claim(100_000_000), "unpacks to 120128 bytes, expected 100000128"));
    files.put(
        "has a name in no encoding",
        new Attack(renamed("images.npy", "images.np\u00ff"), "can't be read as npz"));
    files.put("has 65,535 entries", new Attack(manyEntries(), "and 65525 more"));
    files.put(
        "has a header of 10 MB",
        new Attack(zip("images.npy", longHeader()), "an npy header of 10000000 bytes"));
    files.put("stores two arrays in one place", new Attack(overlapping(), "expected f4, f8 or u1"));
    files.put(
        "has an array without elements", new Attack(zip("images.npy", shape("0, 5")), "[0, 5]"));
    files.put(
        "has an array of 33 axes",
        new Attack(zip("images.npy", shape("1, ".repeat(33))), "more than 32 axes"));
    files.put(
        "is no zip", new Attack("PK\3\4".getBytes(StandardCharsets.UTF_8), "can't be read as npz"));
    return files;
  }

  static byte[] zip(String name, byte[]... parts) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.putNextEntry(new ZipEntry(name));
      for (byte[] part : parts) {
        zip.write(part);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static byte[] floats(int count) {
    return NpyHeader.write(NpyType.FLOAT32, List.of(count, 1));
  }

  private static byte[] shape(String sizes) {
    String text = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + sizes + ")}\n";
    byte[] lead = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (byte) text.length(), 0};
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(lead);
    bytes.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
    return bytes.toByteArray();
  }

  private static byte[] longHeader() {
    byte[] header = new byte[10_000_012];
    byte[] lead = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0};
    System.arraycopy(lead, 0, header, 0, lead.length);
    ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).putInt(lead.length, 10_000_000);
    return header;
  }

  /** 120,000 bytes that do not shrink, whose header and directory tell of many more. */
  private static byte[] claim(int bytes) {
    byte[] noise = new byte[120_000];
    new Random(1).nextBytes(noise);
    byte[] file = zip("images.npy", floats(bytes / Float.BYTES), noise);
    ByteBuffer buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    buffer.putInt(central(buffer, 0) + 24, bytes + 128);
    return file;
  }

  private static int central(ByteBuffer zip, int from) {
    int at = from;
    while (zip.getInt(at) != CENTRAL) {
      at++;
    }
    return at;
  }

  private static byte[] renamed(String name, String other) {
    byte[] file = zip(name, shape("1, 1"), new byte[4]);
    ByteBuffer buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int at = central(buffer, 0);
    buffer.putShort(at + 8, (short) (buffer.getShort(at + 8) | 1 << 11));
    buffer.put(at + 46, other.getBytes(StandardCharsets.ISO_8859_1));
    return file;
  }

  private static byte[] manyEntries() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.setMethod(ZipOutputStream.STORED);
      for (int i = 0; i < 65_535; i++) {
        ZipEntry entry = new ZipEntry(i + ".npy");
        entry.setSize(0);
        entry.setCrc(0);
        zip.putNextEntry(entry);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** The directory gives the labels the place of the images. */
  private static byte[] overlapping() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (String name : List.of("images.npy", "labels.npy")) {
        zip.putNextEntry(new ZipEntry(name));
        NpyArray.ofLongs(List.of(4), new long[4]).write(zip);
        zip.closeEntry();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    byte[] file = bytes.toByteArray();
    ByteBuffer buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int second = central(buffer, central(buffer, 0) + 1);
    buffer.putInt(second + 42, 0);
    return file;
  }
}
