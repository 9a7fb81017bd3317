package org.otfuse;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.ByteArrayInputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.otfuse.testkit.Mlp;

/**
 * Bytes that somebody else made are refused in words or are an accumulator. The system properties
 * {@code otfuse.mutations} and {@code otfuse.seed} set how many mutants are tried, and which.
 */
class AccumulatorMutationTest {
  private static final Model ANCHOR = Mlp.random("anchor", Mlp.architecture(3, 4, 2), 1);
  private static final int[] NOTABLE = {0, 1, -1, 127, -128, 65, 66, 0x40, 0x7f, 0x80};
  private static final int CHECKSUM_BYTES = 4;

  private static byte[] original(int models) {
    FusionAccumulator sum = FusionAccumulator.of(ANCHOR);
    for (int k = 0; k < models; k++) {
      sum.add(Mlp.random("model-" + k, ANCHOR.architecture(), k), 1.0 / models);
    }
    return sum.toBytes();
  }

  /** Some bytes changed, taken out, put in or repeated; most with a checksum that fits. */
  private static byte[] mutant(byte[] bytes, Random random) {
    byte[] mutant = bytes.clone();
    for (int change = 1 + random.nextInt(3); change > 0 && mutant.length > 0; change--) {
      int at = random.nextInt(mutant.length);
      switch (random.nextInt(6)) {
        case 0 -> mutant[at] ^= 1 << random.nextInt(8);
        case 1 -> mutant[at] = (byte) NOTABLE[random.nextInt(NOTABLE.length)];
        case 2 -> Arrays.fill(mutant, at, Math.min(mutant.length, at + 8), (byte) -1);
        case 3 -> mutant = Arrays.copyOf(mutant, at);
        case 4 -> mutant = Arrays.copyOf(mutant, mutant.length + random.nextInt(30));
        default -> {
          int count = random.nextInt(mutant.length - at);
          System.arraycopy(mutant, random.nextInt(at + 1), mutant, at, count);
        }
      }
    }
    if (mutant.length > CHECKSUM_BYTES && random.nextInt(4) > 0) {
      CRC32C checksum = new CRC32C();
      int end = mutant.length - CHECKSUM_BYTES;
      checksum.update(mutant, 0, end);
      ByteBuffer.wrap(mutant).putInt(end, (int) checksum.getValue());
    }
    return mutant;
  }

  /** What has been read can be worked with. */
  private static void use(FusionAccumulator read, byte[] bytes) {
    assertArrayEquals(bytes, read.toBytes());
    for (Runnable work :
        new Runnable[] {
          read::weight, read::finish, () -> read.merge(read), () -> read.add(ANCHOR, 0.5)
        }) {
      try {
        work.run();
      } catch (InvalidInputException e) {
        assertTrue(e.getMessage().endsWith("."), e::getMessage);
      }
    }
  }

  @Test
  void mutantsAreRefusedInOneSentenceOrAreAccumulators() {
    long seed = Long.getLong("otfuse.seed", 1);
    Random random = new Random(seed);
    byte[][] originals = {original(1), original(2), original(5)};
    int read = 0;
    int mutants = Integer.getInteger("otfuse.mutations", 3_000);
    for (int trial = 0; trial < mutants; trial++) {
      byte[] bytes = mutant(originals[trial % originals.length], random);
      try {
        use(FusionAccumulator.fromBytes(bytes, ANCHOR), bytes);
        read++;
      } catch (InvalidInputException e) {
        assertTrue(e.getMessage().startsWith("The fusion accumulator "), e::getMessage);
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed " + seed + " trial " + trial, e);
      }
    }
    assertTrue(read > mutants / 100 && read < mutants / 2, read + " of " + mutants);
  }

  @Test
  void fewBytesTakeLittleMemoryWhateverTheyBelongTo() {
    Model anchor = Mlp.random("large", Mlp.architecture(1000, 1000, 10), 1);
    byte[] whole = FusionAccumulator.of(anchor).toBytes();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    for (int length : new int[] {80, 10_000, 1_000_000}) {
      byte[] bytes = Arrays.copyOf(whole, length);
      long before = threads.getCurrentThreadAllocatedBytes();
      assertThrows(
          InvalidInputException.class,
          () -> FusionAccumulator.read(new ByteArrayInputStream(bytes), anchor));
      long taken = threads.getCurrentThreadAllocatedBytes() - before;
      assertTrue(taken < 6L * length + 500_000, taken + " for " + length);
    }
    assertEquals(0, FusionAccumulator.fromBytes(whole, anchor).models());
  }

  @Test
  void moreModelsThanCanBeCountedAreRefused() {
    byte[] bytes = original(1);
    ByteBuffer.wrap(bytes).putInt(40, Integer.MAX_VALUE);
    CRC32C checksum = new CRC32C();
    checksum.update(bytes, 0, bytes.length - CHECKSUM_BYTES);
    ByteBuffer.wrap(bytes).putInt(bytes.length - CHECKSUM_BYTES, (int) checksum.getValue());
    FusionAccumulator full = FusionAccumulator.fromBytes(bytes, ANCHOR);
    assertEquals(
        "A fusion cannot count 2147483647 models and 1 more, expected 2147483647 at most.",
        assertThrows(InvalidInputException.class, () -> full.add(ANCHOR, 0)).getMessage());
    FusionAccumulator one = FusionAccumulator.of(ANCHOR);
    one.add(ANCHOR, 0);
    byte[] before = one.toBytes();
    assertEquals(
        "A fusion cannot count 1 models and 2147483647 more, expected 2147483647 at most.",
        assertThrows(InvalidInputException.class, () -> one.merge(full)).getMessage());
    assertArrayEquals(before, one.toBytes());
  }
}
