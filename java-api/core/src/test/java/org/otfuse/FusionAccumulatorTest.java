package org.otfuse;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.otfuse.testkit.Mlp;

class FusionAccumulatorTest {
  private static final Architecture ARCHITECTURE = Mlp.architecture(3, 4, 2);
  private static final Model ANCHOR = Mlp.random("anchor", ARCHITECTURE, 1);

  private record Weighted(Model model, double weight) {}

  /** Models that nearly cancel each other in part, with weights that sum to one. */
  private static List<Weighted> models(int count, long seed) {
    Random random = new Random(seed);
    double[] weights = random.doubles(count, 0.01, 1).toArray();
    double sum = Arrays.stream(weights).sum();
    List<Weighted> models = new ArrayList<>();
    for (int k = 0; k < count; k++) {
      Model model = Mlp.random("model-" + k, ARCHITECTURE, seed * 100 + k);
      if (k % 2 == 1) {
        Model before = models.get(k - 1).model;
        for (int i = 0; i < 6; i++) {
          float value = before.tensors().get(0).get(i);
          model.tensors().get(0).put(i, (float) (-value * weights[k - 1] / weights[k]));
        }
      }
      models.add(new Weighted(model, weights[k] / sum));
    }
    return models;
  }

  private static FusionAccumulator grouped(List<Weighted> models, Random random) {
    FusionAccumulator sum = FusionAccumulator.of(ANCHOR);
    if (models.size() < 2 || random.nextInt(4) == 0) {
      models.forEach(m -> sum.add(m.model, m.weight));
      return sum;
    }
    int cut = random.nextInt(models.size() + 1);
    sum.merge(grouped(models.subList(0, cut), random));
    FusionAccumulator right = grouped(models.subList(cut, models.size()), random);
    sum.merge(FusionAccumulator.fromBytes(right.toBytes(), ANCHOR));
    return sum;
  }

  private static String refused(Runnable call) {
    return assertThrows(InvalidInputException.class, call::run).getMessage();
  }

  @Test
  void everyGroupingGivesTheSameBytesAndTheSameModel() {
    Random random = new Random(2);
    for (int trial = 0; trial < 100; trial++) {
      List<Weighted> models = new ArrayList<>(models(1 + trial % 9, trial));
      FusionAccumulator expected = FusionAccumulator.of(ANCHOR);
      models.forEach(m -> expected.add(m.model, m.weight));
      Collections.shuffle(models, random);
      FusionAccumulator found = grouped(models, random);
      assertArrayEquals(expected.toBytes(), found.toBytes());
      assertEquals(expected.finish().tensors(), found.finish().tensors());
      assertEquals(models.size(), found.models());
    }
  }

  @Test
  void theResultIsTheExactSumRoundedToFloat() {
    List<Weighted> models = models(8, 7);
    FusionAccumulator sum = FusionAccumulator.of(ANCHOR);
    models.forEach(m -> sum.add(m.model, m.weight));
    Model fused = sum.finish();
    for (int t = 0; t < fused.tensors().size(); t++) {
      for (int i = 0; i < fused.tensors().get(t).remaining(); i++) {
        BigDecimal exact = BigDecimal.ZERO;
        for (Weighted m : models) {
          exact = exact.add(new BigDecimal(m.weight * m.model.tensors().get(t).get(i)));
        }
        assertEquals(exact.floatValue(), fused.tensors().get(t).get(i));
      }
    }
  }

  @Test
  void aModelAloneComesBackUnderTheAnchorsNameWhateverItsWeight() {
    Model other = Mlp.random("other", ARCHITECTURE, 3);
    float[] special = {-0.0f, Float.MIN_VALUE, Float.MAX_VALUE, -Float.MAX_VALUE, 1e-38f};
    other.tensors().get(0).put(0, special);
    for (double weight : new double[] {1, 1e-30, 1e30, 60_000, 0.1, 1 / 3.0, 7}) {
      FusionAccumulator sum = FusionAccumulator.of(ANCHOR);
      sum.add(ANCHOR, 0);
      sum.add(other, weight);
      assertEquals(new Model("anchor", ARCHITECTURE, other.tensors()), sum.finish());
      assertEquals(weight, sum.weight());
    }
  }

  @Test
  void countsOfSamplesGiveTheMeanOverThem() {
    List<Weighted> models = models(5, 11);
    int[] counts = {1, 600, 31, 60_000, 12};
    FusionAccumulator sum = FusionAccumulator.of(ANCHOR);
    long total = 0;
    for (int k = 0; k < counts.length; k++) {
      sum.add(models.get(k).model, counts[k]);
      total += counts[k];
    }
    Model fused = sum.finish();
    for (int t = 0; t < fused.tensors().size(); t++) {
      for (int i = 0; i < fused.tensors().get(t).remaining(); i++) {
        BigDecimal exact = BigDecimal.ZERO;
        for (int k = 0; k < counts.length; k++) {
          BigDecimal value = new BigDecimal(models.get(k).model.tensors().get(t).get(i));
          exact = exact.add(value.multiply(BigDecimal.valueOf(counts[k])));
        }
        BigDecimal mean = exact.divide(BigDecimal.valueOf(total), MathContext.DECIMAL128);
        assertEquals(mean.floatValue(), fused.tensors().get(t).get(i));
      }
    }
  }

  @Test
  void theLargestValuesAndWeightsDoNotOverflow() {
    Model huge = Mlp.random("huge", ARCHITECTURE, 4);
    huge.tensors().get(0).put(2, Float.MAX_VALUE).put(3, -Float.MAX_VALUE);
    FusionAccumulator sum = FusionAccumulator.of(ANCHOR);
    for (double weight : new double[] {1e30, 1e30, 1e-30, 3e29}) {
      sum.add(huge, weight);
    }
    assertEquals(huge.tensors(), sum.finish().tensors());
  }

  @Test
  void sumsWithoutWeightAreRefusedAtTheEnd() {
    FusionAccumulator sum = FusionAccumulator.of(ANCHOR);
    assertEquals(
        "The weights of the 0 models added to the fusion sum to 0.0, expected more than 0.",
        refused(sum::finish));
    sum.add(ANCHOR, 0);
    assertEquals(
        "The weights of the 1 models added to the fusion sum to 0.0, expected more than 0.",
        refused(sum::finish));
    sum.add(ANCHOR, 0.25);
    assertEquals(ANCHOR, sum.finish());
  }

  @Test
  void whatCannotBeAddedIsRefusedAndLeavesTheSumAsItWas() {
    FusionAccumulator sum = FusionAccumulator.of(ANCHOR);
    sum.add(ANCHOR, 0.5);
    byte[] before = sum.toBytes();
    for (double weight : new double[] {-0.1, 1.1e30, 9e-31, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertEquals(
          "The weight of model anchor is " + weight + ", expected 0 or 1.0E-30 to 1.0E30.",
          refused(() -> sum.add(ANCHOR, weight)));
    }
    assertEquals(
        "Tensor weight0 of model wide has shape [5, 3], expected [4, 3] as in anchor.",
        refused(() -> sum.add(Mlp.random("wide", Mlp.architecture(3, 5, 2), 4), 0.5)));
    assertEquals(
        "Model deep has 6 tensors, expected 4 as in anchor.",
        refused(() -> sum.add(Mlp.random("deep", Mlp.architecture(3, 4, 4, 2), 4), 0.5)));
    Model infinite = Mlp.random("infinite", ARCHITECTURE, 5);
    infinite.tensors().get(2).put(3, Float.NEGATIVE_INFINITY);
    assertEquals(
        "Tensor weight1 of model infinite has -Infinity at index 3, expected finite numbers.",
        refused(() -> sum.add(infinite, 0.5)));
    assertEquals(
        "The partial sums of the anchors anchor and other cannot be merged, expected the same"
            + " anchor.",
        refused(() -> sum.merge(FusionAccumulator.of(Mlp.random("other", ARCHITECTURE, 6)))));
    assertArrayEquals(before, sum.toBytes());
  }

  @Test
  void buffersWithAPositionAreReadFromThere() {
    List<FloatBuffer> shifted =
        ANCHOR.tensors().stream()
            .map(t -> FloatBuffer.allocate(t.remaining() + 2).position(2).put(t.duplicate()))
            .map(t -> t.position(2))
            .toList();
    Model same = new Model("same", ARCHITECTURE, shifted);
    FusionAccumulator sum = FusionAccumulator.of(same);
    sum.add(same, 0.5);
    FusionAccumulator other = FusionAccumulator.of(ANCHOR);
    other.add(ANCHOR, 0.5);
    sum.merge(other);
    assertEquals(ANCHOR.tensors(), sum.finish().tensors());
  }

  private static byte[] bytes() {
    FusionAccumulator sum = FusionAccumulator.of(ANCHOR);
    sum.add(ANCHOR, 0.75);
    return sum.toBytes();
  }

  private static String refused(byte[] bytes) {
    return refused(() -> FusionAccumulator.fromBytes(bytes, ANCHOR));
  }

  @Test
  void theByteFormHasTheSizeThatItsDescriptionGives() {
    int values = 3 * 4 + 4 + 4 * 2 + 2;
    assertEquals(4 + 4 + 32 + 4 + 25 + 4 * 4 + 25 * values + 4, bytes().length);
    FusionAccumulator read = FusionAccumulator.fromBytes(bytes(), ANCHOR);
    assertEquals(1, read.models());
    assertEquals(0.75, read.weight());
  }

  @Test
  void bytesThatEndEarlyAreRefusedWhereverTheyEnd() {
    byte[] bytes = bytes();
    for (int length = 0; length < bytes.length; length++) {
      String message = refused(Arrays.copyOf(bytes, length));
      assertEquals(
          "The fusion accumulator ends after " + length + " bytes, expected more.", message);
    }
  }

  @Test
  void aFlippedBitIsNoticedWhereverItIs() {
    byte[] bytes = bytes();
    for (int i = 0; i < bytes.length; i++) {
      byte[] damaged = bytes.clone();
      damaged[i] ^= 1 << i % 8;
      assertTrue(refused(damaged).startsWith("The fusion accumulator "));
    }
  }

  @Test
  void bytesOfAnotherKindVersionOrAnchorAreRefused() {
    byte[] foreign = bytes();
    foreign[0] = 0x50;
    assertEquals(
        "The fusion accumulator begins with 50544641, expected 4f544641.", refused(foreign));
    byte[] newer = bytes();
    newer[7] = 2;
    assertEquals("The fusion accumulator has version 2, expected 1.", refused(newer));
    Model other = Mlp.random("other", ARCHITECTURE, 8);
    assertEquals(
        "The fusion accumulator belongs to another anchor than other.",
        refused(() -> FusionAccumulator.fromBytes(bytes(), other)));
    byte[] longer = Arrays.copyOf(bytes(), bytes().length + 3);
    assertEquals(
        "The fusion accumulator has %d bytes, expected %d."
            .formatted(longer.length, longer.length - 3),
        refused(longer));
  }

  /** The bytes with one changed and the checksum made to fit. */
  private static byte[] forged(int index, int value) {
    byte[] bytes = bytes();
    bytes[index] = (byte) value;
    CRC32C checksum = new CRC32C();
    checksum.update(bytes, 0, bytes.length - 4);
    ByteBuffer.wrap(bytes).putInt(bytes.length - 4, (int) checksum.getValue());
    return bytes;
  }

  @Test
  void sumsThatTheirNumberOfModelsCannotGiveAreRefused() {
    int firstSum = 4 + 4 + 32 + 4 + 25 + 4;
    String impossible =
        "The fusion accumulator is damaged: tensor weight0 cannot be the sum of 1 models.";
    for (int top : IntStream.of(66, 127, -3, -128, -1).toArray()) {
      assertEquals(impossible, refused(forged(firstSum, top)));
    }
    assertEquals(impossible, refused(forged(firstSum + 1, 0x40)));
    assertEquals(
        "The fusion accumulator counts -2147483647 models, expected 0 or more.",
        refused(forged(40, 0x80)));
    assertEquals(
        "The fusion accumulator has 13 values of tensor weight0, expected 12.",
        refused(forged(firstSum - 1, 13)));
  }

  @Test
  void severalByteFormsCanFollowEachOtherInAStream() {
    byte[] twice = Arrays.copyOf(bytes(), 2 * bytes().length);
    System.arraycopy(bytes(), 0, twice, bytes().length, bytes().length);
    ByteArrayInputStream in = new ByteArrayInputStream(twice);
    assertEquals(0.75, FusionAccumulator.read(in, ANCHOR).weight());
    assertEquals(0.75, FusionAccumulator.read(in, ANCHOR).weight());
    assertFalse(in.available() > 0);
  }
}
