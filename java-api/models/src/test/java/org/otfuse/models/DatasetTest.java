package org.otfuse.models;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.otfuse.InvalidInputException;
import org.otfuse.models.numpy.NpyArray;
import org.otfuse.models.numpy.NpyType;
import org.otfuse.models.numpy.NpzFile;

class DatasetTest {
  @TempDir Path folder;

  private static NpyArray floats(List<Integer> shape, float... values) {
    return NpyArray.ofFloats(shape, FloatBuffer.wrap(values));
  }

  private String refusal(Map<String, NpyArray> arrays) {
    Path file = folder.resolve("data.npz");
    NpzFile.write(file, arrays);
    return assertThrows(InvalidInputException.class, () -> Dataset.read(file))
        .getMessage()
        .replace(folder + "/", "");
  }

  /** Samples whose single value is their index, labelled with it. */
  private static Dataset counting(int size) {
    float[] images = new float[size];
    for (int i = 0; i < size; i++) {
      images[i] = i;
    }
    return Dataset.of(
        "counting", List.of(1), images, Optional.of(IntStream.range(0, size).toArray()));
  }

  @Test
  void aFileOfNumpyIsReadAsItIs() {
    Dataset data = Dataset.read(TestFiles.path("tiny-packed.npz"));
    assertEquals("tiny-packed.npz", data.name());
    assertEquals(3, data.size());
    assertEquals(List.of(1, 2, 2), data.imageShape());
    for (int i = 0; i < 8; i++) {
      assertEquals((4 + i) / 4f, data.images(1, 2).get(i));
    }
    assertEquals(List.of(2, 0, 1), List.of(data.label(0), data.label(1), data.label(2)));
  }

  @Test
  void bytesAndDoublesBecomeFloats() {
    ByteBuffer bytes = ByteBuffer.wrap(new byte[] {0, 127, (byte) 255}).order(LITTLE_ENDIAN);
    ByteBuffer doubles = ByteBuffer.allocate(24).order(LITTLE_ENDIAN);
    doubles.asDoubleBuffer().put(new double[] {0.1, -2, 3e38});
    Path file = folder.resolve("types.npz");
    NpzFile.write(file, Map.of("images", new NpyArray(NpyType.UINT8, List.of(1, 3), bytes)));
    assertEquals(FloatBuffer.wrap(new float[] {0, 127, 255}), Dataset.read(file).images(0, 1));
    NpzFile.write(file, Map.of("images", new NpyArray(NpyType.FLOAT64, List.of(1, 3), doubles)));
    assertEquals(FloatBuffer.wrap(new float[] {0.1f, -2, 3e38f}), Dataset.read(file).images(0, 1));
  }

  @Test
  void aDoubleThatIsNoFloatIsRefused() {
    ByteBuffer doubles = ByteBuffer.allocate(8).order(LITTLE_ENDIAN).putDouble(0, 1e39);
    assertEquals(
        "array images of data.npz has the value Infinity at [0, 0], expected finite values",
        refusal(Map.of("images", new NpyArray(NpyType.FLOAT64, List.of(1, 1), doubles))));
  }

  @Test
  void aFolderThatIsNotThereCannotBeWrittenTo() {
    Path file = folder.resolve("missing").resolve("data.npz");
    Dataset data = counting(1);
    String message = assertThrows(InvalidInputException.class, () -> data.write(file)).getMessage();
    assertTrue(message.startsWith("cannot write " + file + ": "), message);
  }

  @Test
  void labelsAreOptional() {
    Path file = folder.resolve("unlabelled.npz");
    NpzFile.write(file, Map.of("images", floats(List.of(1, 2), 1, 2)));
    Dataset data = Dataset.read(file);
    assertFalse(data.hasLabels());
    assertEquals(
        "data set unlabelled.npz has no labels, expected some",
        assertThrows(InvalidInputException.class, () -> data.label(0)).getMessage());
  }

  @Test
  void writtenSamplesAreReadBack() {
    Path file = folder.resolve("copy.npz");
    Dataset.read(TestFiles.path("tiny.npz")).first(2).write(file);
    Dataset data = Dataset.read(file);
    assertEquals(2, data.size());
    assertEquals(List.of(1, 2, 2), data.imageShape());
    assertEquals(1.75f, data.images(0, 2).get(7));
    assertEquals(2, data.label(0));
    assertArrayEquals(new String[] {"copy.npz"}, folder.toFile().list());
  }

  @Test
  void aFileWithoutImagesIsRefusedWithTheNamesThatAreThere() {
    assertEquals(
        "file data.npz has no array images, only x",
        refusal(Map.of("x", floats(List.of(1, 1), 0))));
  }

  @Test
  void imagesOfOtherIntegersOrWithoutSamplesAreRefused() {
    assertEquals(
        "array images of data.npz has elements of type i8, expected f4, f8 or u1",
        refusal(Map.of("images", NpyArray.ofLongs(List.of(1, 1), new long[1]))));
    assertEquals(
        "array images of data.npz has shape [0, 3], expected [N,...] with at least one sample and"
            + " one value",
        refusal(Map.of("images", floats(List.of(0, 3)))));
    assertEquals(
        "array images of data.npz has shape [2], expected [N,...] with at least one sample and one"
            + " value",
        refusal(Map.of("images", floats(List.of(2), 1, 2))));
  }

  @Test
  void theFirstValueThatIsNotFiniteIsNamed() {
    assertEquals(
        "array images of data.npz has the value NaN at [1, 0, 1], expected finite values",
        refusal(
            Map.of(
                "images",
                floats(List.of(2, 2, 2), 0, 1, 2, 3, 4, Float.NaN, Float.POSITIVE_INFINITY, 7))));
  }

  @Test
  void labelsMustFitTheImages() {
    NpyArray images = floats(List.of(2, 1), 0, 1);
    assertEquals(
        "array labels of data.npz has shape [3], expected [2], one label an image",
        refusal(Map.of("images", images, "labels", NpyArray.ofLongs(List.of(3), new long[3]))));
    assertEquals(
        "array labels of data.npz has the label -1 at [1], expected class numbers from 0",
        refusal(
            Map.of("images", images, "labels", NpyArray.ofLongs(List.of(2), new long[] {0, -1}))));
    assertEquals(
        "array labels of data.npz has elements of type f4, expected integers",
        refusal(Map.of("images", images, "labels", floats(List.of(2), 0, 1))));
  }

  @Test
  void aFileThatIsNotThereIsNamed() {
    Path file = folder.resolve("nothing.npz");
    assertEquals(
        "file " + file + " does not exist",
        assertThrows(InvalidInputException.class, () -> Dataset.read(file)).getMessage());
  }

  @Test
  void aSampleIsDistinctAndTheSameForTheSameSeed() {
    Dataset data = counting(100);
    Dataset once = data.sample(60, 7);
    Dataset again = data.sample(60, 7);
    Set<Integer> drawn = new HashSet<>();
    for (int i = 0; i < 60; i++) {
      drawn.add(once.label(i));
      assertEquals(once.label(i), again.label(i));
      assertEquals(once.label(i), once.images(i, 1).get(0));
    }
    assertEquals(60, drawn.size());
    assertTrue(IntStream.range(0, 60).anyMatch(i -> once.label(i) != i));
    assertNotEquals(once.images(0, 60), data.sample(60, 8).images(0, 60));
  }

  @Test
  void moreSamplesThanThereAreAreRefused() {
    assertEquals(
        "101 samples asked of data set counting, expected 1 to 100, as many as it has",
        assertThrows(InvalidInputException.class, () -> counting(100).first(101)).getMessage());
    assertThrows(InvalidInputException.class, () -> counting(100).sample(0, 1));
  }

  @Test
  void valuesInMemoryMustFillWholeImages() {
    assertEquals(
        "data set mine has 5 values, expected a multiple of 2 for images of shape [2]",
        assertThrows(
                InvalidInputException.class,
                () -> Dataset.of("mine", List.of(2), new float[5], Optional.empty()))
            .getMessage());
  }
}
