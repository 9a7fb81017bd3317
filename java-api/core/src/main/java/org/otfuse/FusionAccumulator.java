package org.otfuse;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.otfuse.average.AccumulatorFormat;
import org.otfuse.average.WindowedSums;

/**
 * A partial fusion: the weighted sum of models that were aligned to one anchor. Models can be added
 * one at a time, partial sums on different machines can be merged, and the result does not depend
 * on who added what when.
 *
 * <pre>{@code
 * FusionAccumulator sum = FusionAccumulator.of(anchor);
 * sum.add(anchor, 6000);
 * sum.add(engine.align(other, anchor, options).model(), 4000);
 * Model fused = sum.finish();
 * }</pre>
 *
 * <p>Exactly: each product of a weight and a value is rounded to double. Sums of those are the same
 * bits for any order and any grouping. With K models they are off by less than K 2^-64 times the
 * largest product, before {@link #finish} rounds them to double, divides them by the sum of the
 * weights and rounds to float. A model that is added alone comes back bit for bit.
 *
 * <p>Takes 25 bytes for each value of the anchor, however many models are added, at most 2^31 - 1.
 * Not thread-safe.
 */
public final class FusionAccumulator {
  // A weight times a float, and 2^31 of those, stay in the range where doubles have all their bits.
  private static final double LEAST_WEIGHT = 1e-30;
  private static final double LARGEST_WEIGHT = 1e30;

  private final String name;
  private final Architecture architecture;
  private final byte[] fingerprint;
  private final WindowedSums total;
  private final List<WindowedSums> sums;
  private int models;

  private FusionAccumulator(Model anchor, AccumulatorFormat.Content content) {
    this.name = anchor.name();
    this.architecture = anchor.architecture();
    this.fingerprint = content.fingerprint();
    this.models = content.models();
    this.total = content.total();
    this.sums = content.tensors();
  }

  /**
   * An empty sum. The anchor itself is not in it before it is added.
   *
   * @param anchor the model that all others are aligned to; partial sums go together only if their
   *     anchors have the same tensors with the same values
   * @return the accumulator
   */
  public static FusionAccumulator of(Model anchor) {
    return new FusionAccumulator(anchor, AccumulatorFormat.Content.of(anchor));
  }

  /**
   * The number of models added so far, merged sums included.
   *
   * @return 0 or more
   */
  public int models() {
    return models;
  }

  /**
   * The sum of the weights added so far.
   *
   * @return 0 or more
   */
  public double weight() {
    return Math.abs(total.value(0));
  }

  /**
   * Adds a model.
   *
   * @param aligned a model in the anchor's order and shapes, not kept
   * @param weight its weight beside the others, for example how many samples it was trained on: 0,
   *     or 1e-30 to 1e30
   * @throws InvalidInputException if the weight, a shape or a value is not what it has to be;
   *     nothing is added then
   */
  public void add(Model aligned, double weight) {
    if (!(weight == 0 || weight >= LEAST_WEIGHT && weight <= LARGEST_WEIGHT)) {
      throw new InvalidInputException(
          "The weight of model %s is %s, expected 0 or %s to %s."
              .formatted(aligned.name(), weight, LEAST_WEIGHT, LARGEST_WEIGHT));
    }
    aligned.requireSame(architecture, name);
    aligned.requireFinite();
    models = counted(1);
    if (weight > 0) {
      total.add(0, weight);
      for (int t = 0; t < sums.size(); t++) {
        add(sums.get(t), aligned.tensors().get(t), weight);
      }
    }
  }

  private int counted(int more) {
    if (more > Integer.MAX_VALUE - models) {
      throw new InvalidInputException(
          "A fusion cannot count %d models and %d more, expected %d at most."
              .formatted(models, more, Integer.MAX_VALUE));
    }
    return models + more;
  }

  private static void add(WindowedSums sums, FloatBuffer values, double weight) {
    for (int i = 0, p = values.position(); i < sums.length(); i++, p++) {
      sums.add(i, weight * values.get(p));
    }
  }

  /**
   * Adds all that another accumulator holds, which is not changed.
   *
   * @param other of the same anchor
   * @throws InvalidInputException if its anchor is another or there would be more models than can
   *     be counted; nothing is added then
   */
  public void merge(FusionAccumulator other) {
    if (!Arrays.equals(fingerprint, other.fingerprint)) {
      throw new InvalidInputException(
          "The partial sums of the anchors %s and %s cannot be merged, expected the same anchor."
              .formatted(name, other.name));
    }
    models = counted(other.models);
    total.merge(other.total);
    for (int t = 0; t < sums.size(); t++) {
      sums.get(t).merge(other.sums.get(t));
    }
  }

  /**
   * The fused model; more can be added afterwards.
   *
   * @return the sum over the sum of the weights, under the anchor's name and in its architecture
   * @throws InvalidInputException if no weight was added so far, or a value is no finite float
   */
  public Model finish() {
    double weight = weight();
    if (!(weight > 0)) {
      throw new InvalidInputException(
          "The weights of the %d models added to the fusion sum to %s, expected more than 0."
              .formatted(models, weight));
    }
    List<FloatBuffer> tensors = new ArrayList<>();
    for (int t = 0; t < sums.size(); t++) {
      float[] values = new float[sums.get(t).length()];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (sums.get(t).value(i) / weight);
        if (!Float.isFinite(values[i])) {
          throw new InvalidInputException(
              "The sum of the %d models leaves the range of float32 in tensor %s at index %d."
                  .formatted(models, architecture.tensors().get(t).name(), i));
        }
      }
      tensors.add(FloatBuffer.wrap(values));
    }
    return new Model(name, architecture, tensors);
  }

  /**
   * Writes the byte form: version, the anchor's fingerprint, the sums, and a checksum. The same
   * models give the same bytes, however they were added and merged.
   *
   * @param out left open
   * @throws java.io.UncheckedIOException if writing fails
   */
  public void write(OutputStream out) {
    AccumulatorFormat.write(out, new AccumulatorFormat.Content(fingerprint, models, total, sums));
  }

  /**
   * Reads the byte form.
   *
   * @param in positioned at its beginning, left open behind its end
   * @param anchor the model that the sums belong to
   * @return the accumulator
   * @throws InvalidInputException if the bytes are no accumulator of this version, belong to
   *     another anchor, end early or are damaged
   * @throws java.io.UncheckedIOException if reading fails
   */
  public static FusionAccumulator read(InputStream in, Model anchor) {
    return new FusionAccumulator(anchor, AccumulatorFormat.read(in, anchor));
  }

  /**
   * The byte form in memory.
   *
   * @return what {@link #write} writes, for anchors of up to 85 million values
   */
  public byte[] toBytes() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    write(out);
    return out.toByteArray();
  }

  /**
   * Reads the byte form from memory.
   *
   * @param bytes exactly one byte form
   * @param anchor the model that the sums belong to
   * @return the accumulator
   * @throws InvalidInputException as {@link #read}, or if there are more bytes
   */
  public static FusionAccumulator fromBytes(byte[] bytes, Model anchor) {
    ByteArrayInputStream in = new ByteArrayInputStream(bytes);
    FusionAccumulator read = read(in, anchor);
    if (in.available() > 0) {
      throw new InvalidInputException(
          "The fusion accumulator has %d bytes, expected %d."
              .formatted(bytes.length, bytes.length - in.available()));
    }
    return read;
  }
}
