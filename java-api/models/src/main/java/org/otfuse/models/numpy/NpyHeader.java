package org.otfuse.models.numpy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.otfuse.InvalidInputException;
import org.otfuse.models.file.Excerpt;

/**
 * The head of an npy array: magic, format version 1 to 3, and a Python dictionary of element type,
 * order and shape. See the NumPy enhancement proposal 1 and numpy.lib.format.
 *
 * @param type what an element is
 * @param order the byte order of an element
 * @param shape the sizes of the axes; empty for a scalar
 * @param elements the product of the shape
 */
public record NpyHeader(NpyType type, ByteOrder order, List<Integer> shape, int elements) {
  /** Longest dictionary that is read; numpy's own are padded to 118 bytes or a little more. */
  static final int MAX_HEADER_BYTES = 1 << 16;

  /** Most axes an array may have, as in numpy. */
  static final int MAX_RANK = 32;

  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};

  /**
   * Reads up to the first data byte.
   *
   * @param where what the array is called in messages
   */
  static NpyHeader read(InputStream in, String where) throws IOException {
    byte[] lead = in.readNBytes(MAGIC.length + 2);
    for (int i = 0; i < MAGIC.length; i++) {
      if (i >= lead.length || lead[i] != MAGIC[i]) {
        throw new InvalidInputException(
            where + " doesn't start with the magic bytes of an npy array");
      }
    }
    int major = lead.length > MAGIC.length ? lead[MAGIC.length] : 0;
    if (major < 1 || major > 3 || lead.length < MAGIC.length + 2) {
      throw new InvalidInputException(
          "%s has npy format version %d, expected 1, 2 or 3".formatted(where, major));
    }
    int lengthBytes = major == 1 ? 2 : 4;
    byte[] lengthField = in.readNBytes(lengthBytes);
    long length = 0;
    for (int i = 0; i < lengthField.length; i++) {
      length |= (lengthField[i] & 0xffL) << 8 * i;
    }
    if (lengthField.length < lengthBytes || length > MAX_HEADER_BYTES) {
      throw new InvalidInputException(
          "%s has an npy header of %d bytes, expected at most %d"
              .formatted(where, length, MAX_HEADER_BYTES));
    }
    byte[] text = in.readNBytes((int) length);
    if (text.length < length) {
      throw new InvalidInputException(
          "%s ends after %d of the %d bytes of its npy header"
              .formatted(where, text.length, length));
    }
    return new Parser(new String(text, StandardCharsets.UTF_8), where).header();
  }

  /** The bytes of all elements. */
  long dataBytes() {
    return (long) elements * type.bytes();
  }

  /** The head as numpy writes it in version 1: little-endian, data aligned to 64 bytes. */
  public static byte[] write(NpyType type, List<Integer> shape) {
    String sizes = shape.stream().map(String::valueOf).collect(Collectors.joining(", "));
    StringBuilder text =
        new StringBuilder(
            "{'descr': '%s%s', 'fortran_order': False, 'shape': (%s%s), }"
                .formatted(
                    type.bytes() == 1 ? "|" : "<",
                    type.code(),
                    sizes,
                    shape.size() == 1 ? "," : ""));
    int lead = MAGIC.length + 4;
    while ((lead + text.length() + 1) % 64 != 0) {
      text.append(' ');
    }
    text.append('\n');
    byte[] head = new byte[lead + text.length()];
    System.arraycopy(MAGIC, 0, head, 0, MAGIC.length);
    head[MAGIC.length] = 1;
    head[MAGIC.length + 2] = (byte) text.length();
    head[MAGIC.length + 3] = (byte) (text.length() >> 8);
    byte[] ascii = text.toString().getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(ascii, 0, head, lead, ascii.length);
    return head;
  }

  /** Reads the three entries of the dictionary, in any order. */
  private static final class Parser {
    private final String text;
    private final String where;
    private int at;

    Parser(String text, String where) {
      this.text = text;
      this.where = where;
    }

    NpyHeader header() {
      String descr = null;
      Boolean fortran = null;
      List<Integer> shape = null;
      expect('{');
      while (!accept('}')) {
        String key = string();
        expect(':');
        switch (key) {
          case "descr" -> descr = elementType();
          case "fortran_order" -> fortran = bool();
          case "shape" -> shape = tuple();
          default ->
              throw refuse("has the unknown entry '" + Excerpt.of(key) + "' in its npy header");
        }
        if (!accept(',')) {
          expect('}');
          break;
        }
      }
      if (descr == null || fortran == null || shape == null) {
        throw refuse("lacks descr, fortran_order or shape in its npy header");
      }
      if (fortran) {
        throw refuse("is stored in Fortran order, expected C order (numpy.ascontiguousarray)");
      }
      return of(descr, shape);
    }

    private NpyHeader of(String descr, List<Integer> shape) {
      NpyType type =
          NpyType.of(descr.isEmpty() ? descr : descr.substring(1))
              .orElseThrow(() -> unknownType(descr));
      char order = descr.charAt(0);
      if (order != '<' && order != '>' && (order != '|' || type.bytes() > 1)) {
        throw unknownType(descr);
      }
      long elements = 1;
      for (int size : shape) {
        elements *= size;
        if (elements > Integer.MAX_VALUE / type.bytes()) {
          throw refuse(
              "has shape %s of %s, expected at most %d bytes"
                  .formatted(shape, descr, Integer.MAX_VALUE));
        }
      }
      ByteOrder bytes = order == '>' ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
      return new NpyHeader(type, bytes, List.copyOf(shape), (int) elements);
    }

    private InvalidInputException unknownType(String descr) {
      return refuse(
          "has elements of type '%s', expected < or > (or | for single bytes) and one of %s"
              .formatted(Excerpt.of(descr), NpyType.codes()));
    }

    private String elementType() {
      if (peek() == '[') {
        throw refuse("has structured elements, expected plain numbers");
      }
      return string();
    }

    private String string() {
      char quote = peek();
      if (quote != '\'' && quote != '"') {
        throw malformed();
      }
      int end = text.indexOf(quote, at + 1);
      if (end < 0) {
        throw malformed();
      }
      String value = text.substring(at + 1, end);
      at = end + 1;
      return value;
    }

    private boolean bool() {
      peek();
      for (boolean value : new boolean[] {true, false}) {
        String word = value ? "True" : "False";
        if (text.startsWith(word, at)) {
          at += word.length();
          return value;
        }
      }
      throw malformed();
    }

    private List<Integer> tuple() {
      List<Integer> sizes = new ArrayList<>();
      expect('(');
      while (!accept(')')) {
        sizes.add(size());
        if (sizes.size() > MAX_RANK) {
          throw refuse("has more than " + MAX_RANK + " axes");
        }
        if (!accept(',')) {
          expect(')');
          break;
        }
      }
      return sizes;
    }

    private int size() {
      peek();
      int start = at;
      while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
        at++;
      }
      try {
        return Integer.parseInt(text.substring(start, at));
      } catch (NumberFormatException e) {
        throw refuse(
            "has an axis of size '%s' in its npy header, expected 0 to %d"
                .formatted(Excerpt.of(text.substring(start, at)), Integer.MAX_VALUE));
      }
    }

    /** The next character that is no white space, 0 at the end. */
    private char peek() {
      while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
        at++;
      }
      return at < text.length() ? text.charAt(at) : 0;
    }

    private boolean accept(char expected) {
      boolean found = peek() == expected;
      at += found ? 1 : 0;
      return found;
    }

    private void expect(char expected) {
      if (!accept(expected)) {
        throw malformed();
      }
    }

    private InvalidInputException malformed() {
      return refuse(
          "has a malformed npy header at character %d, expected a dictionary of descr,"
                  .formatted(at)
              + " fortran_order and shape");
    }

    private InvalidInputException refuse(String found) {
      return new InvalidInputException(where + " " + found);
    }
  }
}
