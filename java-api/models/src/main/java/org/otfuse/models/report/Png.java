package org.otfuse.models.report;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;

/**
 * Writes a picture of 256 shades as PNG (ISO/IEC 15948): a header, the palette, and one compressed
 * block of unfiltered rows.
 */
final class Png {
  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  private static final byte[] EIGHT_BIT_PALETTE = {8, 3, 0, 0, 0};
  private static final int SHADES = 256;

  private Png() {}

  /**
   * Encodes a picture.
   *
   * @param shades row-major, 0 to 255
   * @param light colour of shade 0, 0xRRGGBB
   * @param dark colour of shade 255; those between are mixed
   */
  static byte[] encode(byte[] shades, int width, int height, int light, int dark) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.write(SIGNATURE);
      ByteArrayOutputStream header = new ByteArrayOutputStream();
      DataOutputStream fields = new DataOutputStream(header);
      fields.writeInt(width);
      fields.writeInt(height);
      fields.write(EIGHT_BIT_PALETTE);
      chunk(out, "IHDR", header.toByteArray());
      chunk(out, "PLTE", palette(light, dark));
      chunk(out, "IDAT", rows(shades, width, height));
      chunk(out, "IEND", new byte[0]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static byte[] palette(int light, int dark) {
    byte[] palette = new byte[3 * SHADES];
    for (int s = 0; s < SHADES; s++) {
      for (int c = 0; c < 3; c++) {
        int shift = 16 - 8 * c;
        int from = light >> shift & 0xFF;
        int to = dark >> shift & 0xFF;
        palette[3 * s + c] = (byte) (from + (to - from) * s / (SHADES - 1));
      }
    }
    return palette;
  }

  private static byte[] rows(byte[] shades, int width, int height) throws IOException {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (DeflaterOutputStream rows = new DeflaterOutputStream(compressed)) {
      for (int y = 0; y < height; y++) {
        rows.write(0);
        rows.write(shades, y * width, width);
      }
    }
    return compressed.toByteArray();
  }

  private static void chunk(DataOutputStream out, String type, byte[] data) throws IOException {
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    CRC32 check = new CRC32();
    check.update(name);
    check.update(data);
    out.writeInt(data.length);
    out.write(name);
    out.write(data);
    out.writeInt((int) check.getValue());
  }
}
