package org.otfuse.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.otfuse.OtfuseException;

/**
 * Files with small changes are read, written and read again: whatever can be read at all is the
 * same network after that. {@code -Dotfuse.roundTrips=N} tries N files, {@code -Dotfuse.seed=S}
 * others.
 */
@Tag("long")
class RoundTripTest {
  private static final int TRIPS = Integer.getInteger("otfuse.roundTrips", 1500);
  private static final long SEED = Long.getLong("otfuse.seed", 11);

  /** The model as it is after writing and reading. */
  static OnnxModel again(OnnxModel model) {
    return read(model.toBytes());
  }

  private static OnnxModel read(byte[] bytes) {
    try {
      Path file = Files.createTempFile("otfuse", ".onnx");
      try {
        Files.write(file, bytes);
        return OnnxModel.read(file);
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Small networks that between them have all kinds of nodes, constants and shared weights. */
  private static List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    FunctionTest.sameFunctions().forEach(pair -> seeds.add(((OnnxModel) pair.get()[1]).toBytes()));
    GraphBuilder g = new GraphBuilder(17);
    String w = g.weight("w", 5, 5);
    String x = g.input("x", 0, 5);
    String turned = g.node("Transpose", List.of(w), "perm", GraphBuilder.ints(1, 0));
    String h = g.relu(g.node("MatMul", List.of(x, turned)));
    String k = g.relu(g.node("MatMul", List.of(h, turned)));
    String bias = g.node("Constant", List.of(), "value", g.tensor("b", 5));
    String y = g.node("Add", List.of(g.node("Add", List.of(k, bias)), bias));
    g.output(g.node("Gemm", List.of(y, w, bias)), 0, 5);
    seeds.add(g.proto().toByteArray());
    return seeds;
  }

  @Test
  void whatCanBeReadIsTheSameAfterWritingAndReading() {
    Mutation mutation = new Mutation(new Random(SEED));
    List<byte[]> seeds = seeds();
    int read = 0;
    for (int trip = 0; trip < TRIPS; trip++) {
      byte[] bytes = mutation.of(seeds.get(trip % seeds.size()));
      OnnxModel first;
      try {
        first = read(bytes);
      } catch (OtfuseException refused) {
        continue;
      }
      read++;
      assertEquals(Optional.empty(), DifferenceTest.difference(first, first), "trip " + trip);
      OnnxModel second = again(first);
      assertEquals(Optional.empty(), DifferenceTest.difference(second, first), "trip " + trip);
      assertEquals(
          first.model().architecture().tensors(),
          second.model().architecture().tensors(),
          "trip " + trip);
    }
    assertTrue(read > TRIPS / 10, read + " files could be read");
  }
}
