package org.otfuse.models;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.otfuse.InvalidInputException;
import org.otfuse.models.file.DirectMemory;
import org.otfuse.models.file.Excerpt;
import org.otfuse.models.numpy.NpyArray;
import org.otfuse.models.numpy.NpyType;
import org.otfuse.models.numpy.NpzFile;

/**
 * Samples that models are run on: images, or any other tensors of one shape, with or without class
 * labels. The values lie in direct memory, ready for a model to read them without a copy, at most 2
 * GiB. Immutable and thread-safe.
 *
 * <pre>{@code
 * Dataset all = Dataset.read(Path.of("samples.npz"));
 * Dataset few = all.sample(50, 1);
 * Dataset two = Dataset.of("two points", List.of(3), new float[6], Optional.of(new int[] {0, 1}));
 * }</pre>
 */
public final class Dataset {
  private static final String IMAGES = "images";
  private static final String LABELS = "labels";

  private final String name;
  private final List<Integer> imageShape;
  private final FloatBuffer images;
  private final int size;
  private final Optional<int[]> labels;

  private Dataset(
      String name, List<Integer> imageShape, FloatBuffer images, Optional<int[]> labels) {
    this.name = name;
    this.imageShape = imageShape;
    this.images = images;
    this.labels = labels;
    this.size = images.capacity() / length(imageShape);
  }

  /**
   * Reads an npz file, as {@code numpy.savez} and {@code numpy.savez_compressed} write it: {@code
   * images} [N,...] of float32, float64 or uint8, taken as they are, already normalised as the
   * models expect; and, if there, {@code labels} [N] of any integer type, class numbers from 0.
   *
   * @param npz the file
   * @return its samples, named after the file
   * @throws InvalidInputException if the file can't be read, lacks images, holds other types or
   *     shapes, a value that is not finite, or a negative label
   */
  public static Dataset read(Path npz) {
    try (NpzFile file = NpzFile.open(npz)) {
      String images = "array " + IMAGES + " of " + npz;
      NpyArray array =
          file.read(IMAGES)
              .orElseThrow(
                  () ->
                      new InvalidInputException(
                          "file %s has no array %s, only %s"
                              .formatted(npz, IMAGES, Excerpt.of(file.names()))));
      if (array.type().isInteger() && array.type() != NpyType.UINT8) {
        throw new InvalidInputException(
            "%s has elements of type %s, expected f4, f8 or u1"
                .formatted(images, array.type().code()));
      }
      checkShape(images, array.shape());
      FloatBuffer values = array.floats(images);
      checkFinite(images, array.shape(), values);
      Optional<int[]> labels =
          file.read(LABELS)
              .map(found -> labels("array " + LABELS + " of " + npz, found, array.shape().get(0)));
      List<Integer> imageShape = array.shape().subList(1, array.shape().size());
      return new Dataset(String.valueOf(npz.getFileName()), imageShape, values, labels);
    }
  }

  /**
   * Copies samples that are in memory.
   *
   * @param name what messages call them
   * @param imageShape the shape of one sample, at least one axis
   * @param images the values [N,imageShape], row-major, all finite
   * @param labels the class numbers [N], from 0, or empty
   * @return the samples
   * @throws InvalidInputException if lengths don't fit, a value is not finite or a label negative
   */
  public static Dataset of(
      String name, List<Integer> imageShape, float[] images, Optional<int[]> labels) {
    long length = 1;
    for (int size : imageShape) {
      length = size < 1 || length > images.length ? 0 : length * size;
    }
    if (length < 1 || images.length % length != 0) {
      throw new InvalidInputException(
          "data set %s has %d values, expected a multiple of %d for images of shape %s"
              .formatted(name, images.length, length, imageShape));
    }
    List<Integer> shape = new ArrayList<>(List.of((int) (images.length / length)));
    shape.addAll(imageShape);
    checkShape("data set " + name, shape);
    FloatBuffer values =
        DirectMemory.floats(images.length, "data set " + name).put(images).rewind();
    checkFinite("data set " + name, shape, values);
    Optional<int[]> checked =
        labels.map(
            found -> {
              long[] longs = Arrays.stream(found).asLongStream().toArray();
              NpyArray array = NpyArray.ofLongs(List.of(found.length), longs);
              return labels("labels of data set " + name, array, shape.get(0));
            });
    return new Dataset(name, List.copyOf(imageShape), values, checked);
  }

  private static void checkShape(String where, List<Integer> shape) {
    if (shape.size() < 2 || shape.contains(0)) {
      throw new InvalidInputException(
          "%s has shape %s, expected [N,...] with at least one sample and one value"
              .formatted(where, shape));
    }
  }

  private static void checkFinite(String where, List<Integer> shape, FloatBuffer values) {
    for (int i = 0; i < values.capacity(); i++) {
      if (!Float.isFinite(values.get(i))) {
        throw new InvalidInputException(
            "%s has the value %s at %s, expected finite values"
                .formatted(where, values.get(i), index(i, shape)));
      }
    }
  }

  private static List<Integer> index(int flat, List<Integer> shape) {
    Integer[] index = new Integer[shape.size()];
    int rest = flat;
    for (int axis = shape.size() - 1; axis >= 0; axis--) {
      index[axis] = rest % shape.get(axis);
      rest /= shape.get(axis);
    }
    return List.of(index);
  }

  private static int[] labels(String where, NpyArray array, int size) {
    if (!array.type().isInteger()) {
      throw new InvalidInputException(
          "%s has elements of type %s, expected integers".formatted(where, array.type().code()));
    }
    if (!array.shape().equals(List.of(size))) {
      throw new InvalidInputException(
          "%s has shape %s, expected [%d], one label an image"
              .formatted(where, array.shape(), size));
    }
    int[] labels = new int[size];
    for (int i = 0; i < size; i++) {
      long label = array.longAt(i);
      if (label < 0 || label > Integer.MAX_VALUE) {
        throw new InvalidInputException(
            "%s has the label %d at [%d], expected class numbers from 0"
                .formatted(where, label, i));
      }
      labels[i] = (int) label;
    }
    return labels;
  }

  /**
   * Writes the samples as an npz file that {@link #read} and numpy read: images float32, labels
   * int64. An existing file is replaced, in one step.
   *
   * @param npz the file
   * @throws InvalidInputException if it can't be written
   */
  public void write(Path npz) {
    List<Integer> shape = new ArrayList<>(List.of(size));
    shape.addAll(imageShape);
    Map<String, NpyArray> arrays = new LinkedHashMap<>();
    arrays.put(IMAGES, NpyArray.ofFloats(shape, images));
    labels.ifPresent(
        found ->
            arrays.put(
                LABELS,
                NpyArray.ofLongs(List.of(size), Arrays.stream(found).asLongStream().toArray())));
    NpzFile.write(npz, arrays);
  }

  /**
   * What messages call the samples, the file's name if they come from one.
   *
   * @return the name
   */
  public String name() {
    return name;
  }

  /**
   * The number of samples.
   *
   * @return N, at least 1
   */
  public int size() {
    return size;
  }

  /**
   * The shape of one sample.
   *
   * @return the sizes of its axes, at least one
   */
  public List<Integer> imageShape() {
    return imageShape;
  }

  /**
   * Whether each sample has a class label.
   *
   * @return true if {@link #label} may be called
   */
  public boolean hasLabels() {
    return labels.isPresent();
  }

  /**
   * The class of a sample.
   *
   * @param sample its index
   * @return its class number, from 0
   * @throws InvalidInputException if the data has no labels
   */
  public int label(int sample) {
    return labels
        .orElseThrow(
            () -> new InvalidInputException("data set " + name + " has no labels, expected some"))[
        sample];
  }

  /**
   * A batch of consecutive samples, not copied.
   *
   * @param first index of the first
   * @param count how many
   * @return a read-only view [count,imageShape], row-major, direct and in native byte order
   */
  public FloatBuffer images(int first, int count) {
    int length = length(imageShape);
    return images.slice(first * length, count * length).asReadOnlyBuffer();
  }

  /**
   * The first samples.
   *
   * @param count how many, 1 to {@link #size}
   * @return a view of them
   * @throws InvalidInputException if there are not as many
   */
  public Dataset first(int count) {
    checkCount(count);
    FloatBuffer view = images.slice(0, count * length(imageShape));
    return new Dataset(name, imageShape, view, labels.map(all -> Arrays.copyOf(all, count)));
  }

  /**
   * Draws distinct samples at random; the same seed draws the same samples everywhere.
   *
   * @param count how many, 1 to {@link #size}
   * @param seed of the generator
   * @return a copy of them, in the order drawn
   * @throws InvalidInputException if there are not as many
   */
  public Dataset sample(int count, long seed) {
    checkCount(count);
    int[] order = IntStream.range(0, size).toArray();
    Random random = new Random(seed);
    int length = length(imageShape);
    FloatBuffer drawn =
        DirectMemory.floats((long) count * length, count + " samples of data set " + name);
    for (int i = 0; i < count; i++) {
      int at = i + random.nextInt(size - i);
      int sample = order[at];
      order[at] = order[i];
      order[i] = sample;
      drawn.put(images.slice(sample * length, length));
    }
    Optional<int[]> drawnLabels =
        labels.map(all -> Arrays.stream(order, 0, count).map(sample -> all[sample]).toArray());
    return new Dataset(name, imageShape, drawn.rewind(), drawnLabels);
  }

  private void checkCount(int count) {
    if (count < 1 || count > size) {
      throw new InvalidInputException(
          "%d samples asked of data set %s, expected 1 to %d, as many as it has"
              .formatted(count, name, size));
    }
  }

  private static int length(List<Integer> shape) {
    return shape.stream().mapToInt(Integer::intValue).reduce(1, (a, b) -> a * b);
  }
}
