package org.otfuse.models;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.otfuse.FusionAccumulator;
import org.otfuse.InvalidInputException;
import org.otfuse.Model;
import org.otfuse.testkit.Mlp;

/** Reads a fusion accumulator, adds a model to it and finishes it. */
public final class AccumulatorFuzz implements FuzzTarget {
  private static final Model ANCHOR = Mlp.random("anchor", Mlp.architecture(2, 3, 2), 1);
  private static final AccumulatorFuzz TARGET = new AccumulatorFuzz();

  /** For Jazzer. */
  public static void fuzzerTestOneInput(byte[] input) {
    TARGET.run(input);
  }

  @Override
  public String run(byte[] input) {
    FusionAccumulator sum;
    try {
      sum = FusionAccumulator.fromBytes(input, ANCHOR);
    } catch (InvalidInputException e) {
      return String.valueOf(e.getMessage());
    }
    if (!Arrays.equals(input, sum.toBytes())) {
      throw new AssertionError("it is written otherwise than it was read");
    }
    try {
      sum.finish();
      sum.add(ANCHOR, 0.25);
      sum.merge(FusionAccumulator.fromBytes(input, ANCHOR));
      sum.finish();
    } catch (InvalidInputException e) {
      return String.valueOf(e.getMessage());
    }
    return "finished " + Math.min(3, sum.models());
  }

  @Override
  public List<byte[]> seeds() {
    FusionAccumulator empty = FusionAccumulator.of(ANCHOR);
    FusionAccumulator full = FusionAccumulator.of(ANCHOR);
    full.add(ANCHOR, 0.5);
    full.add(Mlp.random("other", ANCHOR.architecture(), 2), 0.5);
    return List.of(empty.toBytes(), full.toBytes());
  }

  /** Half of the changed bytes get the checksum that they should have. */
  @Override
  public byte[] mutate(byte[] input, byte[] other, Random random) {
    byte[] bytes = ByteMutations.mutate(input, other, random);
    if (random.nextBoolean() && bytes.length > Integer.BYTES) {
      CRC32C checksum = new CRC32C();
      checksum.update(bytes, 0, bytes.length - Integer.BYTES);
      ByteBuffer.wrap(bytes).putInt(bytes.length - Integer.BYTES, (int) checksum.getValue());
    }
    return bytes;
  }
}
