package org.otfuse.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.otfuse.Architecture;
import org.otfuse.BackendChoice;
import org.otfuse.FusionEngine;
import org.otfuse.FusionOptions;
import org.otfuse.FusionPlan;
import org.otfuse.MarginalKind;
import org.otfuse.SinkhornSettings;
import org.otfuse.Solver;
import org.otfuse.testkit.Mlp;

/** The same bits in whatever order the device does its work, and whatever its memory held. */
@RequiresEmulator
class SeedTest {
  private static final Architecture ARCHITECTURE = Mlp.architecture(20, 33, 17, 5);
  private static final int SEEDS = 10;
  private static final int GARBAGE = 0x7149f2ca;
  private static final int NOT_A_NUMBER = -1;

  private static FloatBuffer direct(int floats) {
    return ByteBuffer.allocateDirect(Float.BYTES * floats)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  private static FloatBuffer weights(long seed) {
    List<FloatBuffer> tensors = Mlp.random("model", ARCHITECTURE, seed).tensors();
    FloatBuffer flat = direct(tensors.stream().mapToInt(FloatBuffer::remaining).sum());
    tensors.forEach(tensor -> flat.put(tensor.duplicate()));
    return flat.rewind();
  }

  @AfterEach
  void reset() {
    Emulator.ote_poison(NOT_A_NUMBER);
    Emulator.ote_seed(0);
    Emulator.ote_reset(null);
  }

  /** Three models one after the other, twice, the second time warm where the solver can. */
  private static int[] fuse(FusionOptions options) {
    try (FusionEngine engine = FusionEngine.open(BackendChoice.CUDA);
        FusionPlan plan = engine.prepare(ARCHITECTURE, options)) {
      FloatBuffer output = direct(plan.length());
      plan.fuse(List.of(weights(1), weights(2), weights(3)), output);
      plan.fuse(List.of(weights(1), weights(2), weights(3)), output);
      return IntStream.range(0, output.limit())
          .map(k -> Float.floatToRawIntBits(output.get(k)))
          .toArray();
    }
  }

  @ParameterizedTest
  @CsvSource({"EXACT,UNIFORM", "EXACT,L1", "SINKHORN,L1"})
  void fusionsGiveTheSameBitsInEveryOrder(Solver solver, MarginalKind marginals) {
    FusionOptions options =
        FusionOptions.builder()
            .solver(solver)
            .weights(0.2, 0.5, 0.3)
            .marginals(marginals)
            .sinkhorn(SinkhornSettings.DEFAULTS.warm())
            .build();
    int[] expected = fuse(options);
    assertTrue(IntStream.of(expected).allMatch(b -> Float.isFinite(Float.intBitsToFloat(b))));
    for (int seed = 1; seed < SEEDS; seed++) {
      Emulator.ote_reset(null);
      Emulator.ote_seed(seed);
      Emulator.ote_poison(seed % 2 == 0 ? NOT_A_NUMBER : GARBAGE);
      assertArrayEquals(expected, fuse(options), "seed " + seed);
      assertEquals(0, Emulator.ote_reports(), () -> Emulator.ote_report(0).getString());
    }
  }
}
