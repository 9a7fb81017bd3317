package org.otfuse.average;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WindowedSumsTest {
  private static double sum(List<Double> addends) {
    WindowedSums sums = new WindowedSums(1);
    addends.forEach(addend -> sums.add(0, addend));
    return sums.value(0);
  }

  /** Cuts the list anywhere, sums the parts in the same way, and merges them. */
  private static WindowedSums grouped(List<Double> addends, Random random) {
    WindowedSums sums = new WindowedSums(1);
    if (addends.size() < 2 || random.nextInt(4) == 0) {
      addends.forEach(addend -> sums.add(0, addend));
      return sums;
    }
    int cut = random.nextInt(addends.size() + 1);
    WindowedSums left = grouped(addends.subList(0, cut), random);
    left.merge(grouped(addends.subList(cut, addends.size()), random));
    return left;
  }

  private static double any(Random random, int leastExponent, int exponents) {
    double mantissa = random.nextGaussian();
    return Math.scalb(mantissa, leastExponent + random.nextInt(exponents));
  }

  private static List<Double> addends(Random random, int leastExponent, int exponents) {
    List<Double> addends = new ArrayList<>();
    for (int k = random.nextInt(30); k >= 0; k--) {
      double addend = any(random, leastExponent, exponents);
      addends.add(addend);
      if (random.nextInt(3) == 0) {
        addends.add(-addend);
      }
    }
    return addends;
  }

  private static void check(List<Double> addends, Random random) {
    double expected = sum(addends);
    for (int trial = 0; trial < 5; trial++) {
      Collections.shuffle(addends, random);
      double found = grouped(addends, random).value(0);
      assertEquals(Double.doubleToRawLongBits(expected), Double.doubleToRawLongBits(found));
    }
    BigDecimal exact = BigDecimal.ZERO;
    double largest = 0;
    for (double addend : addends) {
      exact = exact.add(new BigDecimal(addend));
      largest = Math.max(largest, Math.abs(addend));
    }
    double error = new BigDecimal(expected).subtract(exact).abs().doubleValue();
    double bound = addends.size() * 0x1p-64 * largest + 2 * Math.ulp(expected);
    assertTrue(error <= bound, addends + " sum to " + expected + ", off by " + error);
  }

  @Test
  void sumsOfLikeNumbersAreTheSameBitsInAnyGrouping() {
    Random random = new Random(1);
    for (int trial = 0; trial < 2000; trial++) {
      check(addends(random, -5, 10), random);
    }
  }

  @Test
  void sumsOverManyMagnitudesAreTheSameBitsInAnyGrouping() {
    Random random = new Random(2);
    for (int trial = 0; trial < 2000; trial++) {
      check(addends(random, -100, 200), random);
    }
  }

  @Test
  void sumsOverTheWholeRangeOfDoublesAreTheSameBitsInAnyGrouping() {
    Random random = new Random(3);
    for (int trial = 0; trial < 500; trial++) {
      check(addends(random, -1080, 2090), random);
    }
  }

  @Test
  void aSingleFloatComesBackAsItWas() {
    Random random = new Random(4);
    for (int trial = 0; trial < 100_000; trial++) {
      float value = Float.intBitsToFloat(random.nextInt());
      if (Float.isFinite(value)) {
        assertEquals(value, sum(List.of((double) value)));
      }
    }
  }

  @Test
  void whatCancelsLeavesTheSmallRest() {
    assertEquals(0x1p-40, sum(List.of(0x1p10, 0x1p-40, -0x1p10)));
    assertEquals(-3.0, sum(List.of(0x1p60, -1.0, -0x1p60, -2.0)));
    assertEquals(0.0, sum(List.of(0.1, -0.1)));
  }

  @Test
  void zerosKeepTheirSignAsInPlainSums() {
    assertEquals(-0.0, sum(List.of(-0.0, -0.0)));
    assertEquals(0.0, sum(List.of(-0.0, 0.0, -0.0)));
    assertEquals(0.0, sum(List.of(1.0, -0.0, -1.0)));
  }

  private static boolean reads(int addends, int top, long high, long middle, long low) {
    ByteBuffer bytes = ByteBuffer.allocate(WindowedSums.BYTES);
    bytes.put((byte) top).putLong(high).putLong(middle).putLong(low).flip();
    return new WindowedSums(1).read(0, bytes, addends);
  }

  private static ByteBuffer written(double addend) {
    WindowedSums sums = new WindowedSums(1);
    sums.add(0, addend);
    ByteBuffer bytes = ByteBuffer.allocate(WindowedSums.BYTES);
    sums.write(0, bytes);
    return bytes.flip();
  }

  @Test
  void theBytesOfAnyDoubleAreReadAgain() {
    Random random = new Random(5);
    List<Double> addends =
        new ArrayList<>(List.of(0.0, -0.0, Double.MIN_VALUE, -Double.MIN_VALUE, Double.MIN_NORMAL));
    addends.addAll(List.of(Double.MAX_VALUE, -Double.MAX_VALUE, 0x1p1023, 0x1p992));
    for (int trial = 0; trial < 10_000; trial++) {
      addends.add(any(random, -1080, 2090));
    }
    for (double addend : addends) {
      if (Double.isFinite(addend)) {
        WindowedSums read = new WindowedSums(1);
        assertTrue(read.read(0, written(addend), 1), () -> addend + " was refused");
        assertEquals(addend, read.value(0));
      }
    }
  }

  @Test
  void whatABinCannotHoldIsNotRead() {
    long full = (1L << 32) - 1;
    long highest = (1L << 18) - 1;
    assertTrue(reads(3, 64, 3 * full, -3 * full, 3 * full));
    assertFalse(reads(3, 64, 3 * full + 1, 0, 0));
    assertTrue(reads(3, 65, -3 * highest, 3 * full, 0));
    assertFalse(reads(3, 65, -3 * highest - 1, 0, 0));
    assertFalse(reads(3, 66, 0, 0, 0));
    assertTrue(reads(1, 1, 1, 1, 0));
    assertFalse(reads(1, 1, 1, 1, 1));
    assertFalse(reads(1, 0, 1, 1, 0));
    assertFalse(reads(1, -1, 1, 0, 0));
    assertFalse(reads(0, 5, 1, 0, 0));
  }

  @Test
  void manyAddendsDoNotOverflow() {
    WindowedSums sums = new WindowedSums(1);
    sums.add(0, Math.nextDown(1.0));
    for (int doubling = 0; doubling < 30; doubling++) {
      sums.merge(sums);
    }
    assertEquals(0x1p30 * Math.nextDown(1.0), sums.value(0));
  }
}
