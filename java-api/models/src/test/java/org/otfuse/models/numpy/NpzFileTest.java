package org.otfuse.models.numpy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.otfuse.InvalidInputException;
import org.otfuse.models.Dataset;
import org.otfuse.models.TestFiles;

class NpzFileTest {
  private static final float[] VALUES = {0, 1, 2, 3, 100, 127};

  @TempDir Path folder;

  private static String refusal(String name) {
    try (NpzFile file = NpzFile.open(TestFiles.path("numpy-types.npz"))) {
      return assertThrows(InvalidInputException.class, () -> file.read(name)).getMessage();
    }
  }

  private static String headerRefusal(String header) {
    return headerRefusal(1, header.length(), header);
  }

  private static String headerRefusal(int version, int length, String header) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) version, 0});
    for (int i = 0; i < (version == 1 ? 2 : 4); i++) {
      bytes.write(length >> 8 * i);
    }
    bytes.writeBytes(header.getBytes(StandardCharsets.UTF_8));
    ByteArrayInputStream in = new ByteArrayInputStream(bytes.toByteArray());
    return assertThrows(InvalidInputException.class, () -> NpyArray.read(in, "array x", 1000))
        .getMessage();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "f4", "f4be", "f8", "f8be", "u1", "i1", "i2", "i2be", "u2", "i4", "i4be", "u4", "i8",
        "i8be", "u8"
      })
  void everyTypeAndByteOrderOfNumpyIsRead(String name) {
    try (NpzFile file = NpzFile.open(TestFiles.path("numpy-types.npz"))) {
      NpyArray array = file.read(name).orElseThrow();
      float[] found = new float[6];
      array.floats("x").get(0, found);
      assertEquals(List.of(2, 3), array.shape());
      assertArrayEquals(VALUES, found);
      if (array.type().isInteger()) {
        assertEquals(127, array.longAt(5));
      }
    }
  }

  @Test
  void aScalarHasNoAxes() {
    try (NpzFile file = NpzFile.open(TestFiles.path("numpy-types.npz"))) {
      NpyArray array = file.read("scalar").orElseThrow();
      assertEquals(List.of(), array.shape());
      assertEquals(2.5f, array.floats("x").get(0));
    }
  }

  @Test
  void aNameThatIsNotThereGivesEmpty() {
    try (NpzFile file = NpzFile.open(TestFiles.path("tiny.npz"))) {
      assertTrue(file.read("weights").isEmpty());
      assertEquals(List.of("images", "labels"), file.names());
    }
  }

  @Test
  void fortranOrderIsRefused() {
    assertTrue(
        refusal("f")
            .endsWith(
                "numpy-types.npz is stored in Fortran order, expected C order"
                    + " (numpy.ascontiguousarray)"));
  }

  @Test
  void complexAndStructuredElementsAreRefused() {
    assertTrue(refusal("complex").contains("has elements of type '<c8', expected"));
    assertTrue(refusal("structured").contains("has structured elements, expected plain numbers"));
  }

  @Test
  void arraysComeBackAsTheyWereWritten() {
    Path file = folder.resolve("written.npz");
    FloatBuffer floats = FloatBuffer.wrap(VALUES);
    NpzFile.write(
        file,
        Map.of(
            "a", NpyArray.ofFloats(List.of(3, 2), floats),
            "b", NpyArray.ofLongs(List.of(2), new long[] {Long.MIN_VALUE, 7})));
    try (NpzFile read = NpzFile.open(file)) {
      NpyArray a = read.read("a").orElseThrow();
      float[] found = new float[6];
      a.floats("a").get(0, found);
      assertEquals(List.of(3, 2), a.shape());
      assertArrayEquals(VALUES, found);
      NpyArray b = read.read("b").orElseThrow();
      assertEquals(List.of(2), b.shape());
      assertEquals(Long.MIN_VALUE, b.longAt(0));
      assertEquals(7, b.longAt(1));
    }
  }

  /** What numpy 2 writes for numpy.zeros((3, 1, 2, 2), '&lt;f4') and numpy.zeros(3, '&lt;i8'). */
  @Test
  void theHeaderIsWrittenAsNumpyWritesIt() {
    for (int rank : new int[] {4, 1}) {
      byte[] header =
          rank == 4
              ? NpyHeader.write(NpyType.FLOAT32, List.of(3, 1, 2, 2))
              : NpyHeader.write(NpyType.INT64, List.of(3));
      String text =
          rank == 4
              ? "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 1, 2, 2), }"
              : "{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }";
      String expected = "\u0093NUMPY\u0001\0v\0" + text + " ".repeat(117 - text.length()) + "\n";
      assertEquals(expected, new String(header, StandardCharsets.ISO_8859_1));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2000,), }; which is 8000 bytes, but no",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,)}; axis of size '99999999",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }; axis of size ''",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2147483647, 2147483647, 2147483647)};"
            + " expected at most 2147483647 bytes",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,), }; malformed npy header at character",
        "{'descr': '<f4', 'fortran_order': False, }; lacks descr, fortran_order or shape",
        "{'descr': '<f4', 'colour': 'red', }; unknown entry 'colour'",
        "{'descr': '|f4', 'fortran_order': False, 'shape': (1,), }; elements of type '|f4'",
        "{'descr': '', 'fortran_order': False, 'shape': (1,), }; elements of type ''",
        "{'descr': '<f4; malformed npy header",
        "[1, 2]; malformed npy header at character 0",
      })
  void aHeaderThatMakesNoSenseIsRefused(String header, String expected) {
    String message = headerRefusal(header);
    assertTrue(message.startsWith("array x ") && message.contains(expected), message);
  }

  @Test
  void aHeaderOfMoreThanThirtyTwoAxesIsRefused() {
    String shape = "1,".repeat(NpyHeader.MAX_RANK + 1);
    assertEquals(
        "array x has more than 32 axes",
        headerRefusal("{'descr': '<f4', 'fortran_order': False, 'shape': (" + shape + ")}"));
  }

  @Test
  void aHeaderThatClaimsToBeHugeIsRefusedUnread() {
    assertEquals(
        "array x has an npy header of 4294967295 bytes, expected at most 65536",
        headerRefusal(2, -1, ""));
    assertEquals(
        "array x ends after 2 of the 60000 bytes of its npy header", headerRefusal(3, 60000, "{ "));
  }

  @Test
  void anArrayThatClaimsMoreThanTheFileCanHoldIsRefusedUnread() throws IOException {
    Path file = folder.resolve("claim.npz");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      zip.putNextEntry(new ZipEntry("images.npy"));
      zip.write(NpyHeader.write(NpyType.FLOAT32, List.of(500_000_000, 1)));
    }
    String message =
        assertThrows(InvalidInputException.class, () -> Dataset.read(file)).getMessage();
    assertEquals(
        "array images of %s has shape [500000000, 1] of f4, which is 2000000000 bytes, but no more"
                .formatted(file)
            + " than 128 bytes are there",
        message);
  }

  /** Some versions of Java decode an entry's comment only when they find the entry. */
  @Test
  void anEntryWhoseCommentIsNoTextIsRefused() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      ZipEntry entry = new ZipEntry("images.npy");
      entry.setComment("?");
      zip.putNextEntry(entry);
      zip.write(NpyHeader.write(NpyType.FLOAT32, List.of(1, 1)));
      zip.write(new byte[4]);
    }
    byte[] archive = bytes.toByteArray();
    int comment = archive.length - 1;
    while (archive[comment] != '?') {
      comment--;
    }
    archive[comment] = (byte) 0xff;
    Path file = Files.write(folder.resolve("comment.npz"), archive);
    String message =
        assertThrows(InvalidInputException.class, () -> Dataset.read(file)).getMessage();
    assertTrue(message.contains(file.toString()), message);
    assertThrows(
        InvalidInputException.class,
        () -> {
          try (NpzFile read = NpzFile.open(file)) {
            read.names();
          }
        });
  }

  @Test
  void anUnknownFormatVersionIsRefused() {
    assertEquals("array x has npy format version 4, expected 1, 2 or 3", headerRefusal(4, 0, ""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"tiny.npz", "tiny-packed.npz"})
  void aFileThatEndsEarlyIsRefusedWhereverItEnds(String name) throws IOException {
    byte[] whole = TestFiles.bytes(name);
    Path file = folder.resolve(name);
    for (int length = 0; length < whole.length; length++) {
      Files.write(file, Arrays.copyOf(whole, length));
      String message =
          assertThrows(InvalidInputException.class, () -> Dataset.read(file), "length " + length)
              .getMessage();
      assertTrue(message.contains(file.toString()), message);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"tiny.npz", "tiny-packed.npz"})
  void aDamagedByteIsRefusedOrLeavesTheSamplesAsTheyWere(String name) throws IOException {
    byte[] whole = TestFiles.bytes(name);
    Path file = folder.resolve(name);
    int refused = 0;
    for (int at = 0; at < whole.length; at++) {
      for (int flip : new int[] {1, 0x80, 0xff}) {
        byte[] damaged = whole.clone();
        damaged[at] ^= (byte) flip;
        Files.write(file, damaged);
        try {
          Dataset read = Dataset.read(file);
          assertEquals(2.75f, read.images(2, 1).get(3), "byte " + at);
        } catch (InvalidInputException e) {
          assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
          refused++;
        }
      }
    }
    assertTrue(refused > whole.length, refused + " refusals of " + 3 * whole.length);
  }
}
