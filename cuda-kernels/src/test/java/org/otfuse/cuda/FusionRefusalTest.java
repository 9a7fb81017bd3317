package org.otfuse.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.otfuse.MarginalKind;
import org.otfuse.Solver;
import org.otfuse.spi.Backend;
import org.otfuse.spi.BackendSettings;
import org.otfuse.spi.CompiledFusion;
import org.otfuse.spi.FusionProgram;
import org.otfuse.spi.FusionProgram.Block;
import org.otfuse.spi.FusionProgram.Step;

/** What a compiled fusion on the device does not compute, and that it goes on after it. */
@RequiresEmulator
@Tag("long")
class FusionRefusalTest {
  private static final int LENGTH = 40;

  /** Where the program's first layer, its normalisation's factors, and its second layer begin. */
  private static final int FIRST = 0;

  private static final int GAMMA = 12;
  private static final int VARIANCE = 24;
  private static final int SECOND = 28;

  private Backend backend;

  private static FloatBuffer direct(int length) {
    return ByteBuffer.allocateDirect(Float.BYTES * length)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  private static List<FloatBuffer> models() {
    List<FloatBuffer> models = new ArrayList<>();
    for (int k = 0; k < 3; k++) {
      Random random = new Random(k);
      FloatBuffer model = direct(LENGTH);
      for (int i = 0; i < LENGTH; i++) {
        model.put(i, 0.1f + random.nextFloat());
      }
      models.add(model);
    }
    return models;
  }

  /** The program of the other fault tests, with other weights and no bias in the second layer. */
  private static FusionProgram program(List<Double> weights) {
    FusionProgram p = FaultTest.program(Solver.EXACT, MarginalKind.UNIFORM);
    Step second = p.steps().get(1);
    Block block = second.blocks().get(0);
    Block biasless = new Block(block.weights(), 0, 0, OptionalLong.empty(), Optional.empty());
    return new FusionProgram(
        p.length(),
        weights,
        p.anchor(),
        p.groupSizes(),
        List.of(p.steps().get(0), new Step(1, 4, List.of(biasless), List.of(biasless))),
        p.parts(),
        p.metric(),
        p.solver(),
        p.sinkhorn(),
        p.marginals(),
        p.inputMap());
  }

  @BeforeEach
  void open() {
    Emulator.ote_reset(null);
    backend = CudaBackendProvider.open(new EmulatedDriver(), new BackendSettings(1));
  }

  @AfterEach
  void close() {
    backend.close();
    assertEquals(0, Emulator.ote_reports());
    Emulator.ote_reset(null);
  }

  private static FloatBuffer fuse(CompiledFusion fusion) {
    FloatBuffer output = direct(LENGTH);
    assertTrue(fusion.run(models(), output));
    return output;
  }

  /** Refuses models with this value in this place, and computes good ones as at first. */
  private static void assertRefused(
      CompiledFusion fusion, FloatBuffer expected, int model, int index, float value) {
    List<FloatBuffer> bad = models();
    bad.get(model).put(index, value);
    assertFalse(fusion.run(bad, direct(LENGTH)), model + "," + index + ": " + value);
    assertEquals(expected, fuse(fusion));
  }

  @ParameterizedTest
  @CsvSource({"EXACT,UNIFORM", "EXACT,L1", "SINKHORN,L2", "SINKHORN,UNIFORM"})
  void valuesThatTheFastPathIsNotMadeForAreRefused(Solver solver, MarginalKind marginals) {
    FusionProgram program = FaultTest.program(solver, marginals);
    try (CompiledFusion fusion = backend.compile(program).orElseThrow()) {
      FloatBuffer expected = fuse(fusion);
      assertRefused(fusion, expected, 0, LENGTH - 1, Float.NaN);
      assertRefused(fusion, expected, 1, FIRST, Float.NEGATIVE_INFINITY);
      assertRefused(fusion, expected, 2, SECOND, Float.POSITIVE_INFINITY);
      // Scales of infinity and of not-a-number.
      assertRefused(fusion, expected, 1, GAMMA, 3e38f);
      assertRefused(fusion, expected, 1, VARIANCE, -1);
      assertRefused(fusion, expected, 2, SECOND + 5, 0x1.1p50f);
    }
  }

  @Test
  void weightsOfAModelWithoutAShareAreLookedThroughToo() {
    try (CompiledFusion fusion = backend.compile(program(List.of(0.5, 0.5, 0.0))).orElseThrow()) {
      assertRefused(fusion, fuse(fusion), 2, 3, Float.NaN);
    }
  }

  @Test
  void featuresFromTheSmallestToTheLargestAreComputed() {
    try (CompiledFusion fusion = backend.compile(program(List.of(0.5, 0.2, 0.3))).orElseThrow()) {
      for (float largest : new float[] {0x1p50f, 0x1p-50f, 0, 0x1p-51f, 0x1.000002p50f}) {
        List<FloatBuffer> models = models();
        for (FloatBuffer model : models) {
          for (int i = SECOND; i < LENGTH; i++) {
            model.put(i, largest);
          }
        }
        boolean inside = largest == 0 || largest >= 0x1p-50f && largest <= 0x1p50f;
        assertEquals(inside, fusion.run(models, direct(LENGTH)), "largest " + largest);
      }
    }
  }

  private static void assertIllegal(
      CompiledFusion fusion, String message, List<FloatBuffer> models, FloatBuffer output) {
    Exception e =
        assertThrows(IllegalArgumentException.class, () -> fusion.run(models, output), message);
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  private static List<FloatBuffer> with(FloatBuffer second) {
    List<FloatBuffer> models = models();
    models.set(1, second);
    return models;
  }

  @Test
  void buffersThatAreNotWhatTheyHaveToBeAreRefused() {
    FusionProgram program = FaultTest.program(Solver.EXACT, MarginalKind.UNIFORM);
    try (CompiledFusion fusion = backend.compile(program).orElseThrow()) {
      FloatBuffer output = direct(LENGTH);
      assertIllegal(fusion, "2 models for a program of 3", models().subList(0, 2), output);
      assertIllegal(fusion, "model 1 is direct", with(direct(LENGTH - 1)), output);
      assertIllegal(fusion, "model 1 is direct", with(direct(LENGTH + 1)), output);
      assertIllegal(fusion, "model 1 is on the heap", with(FloatBuffer.allocate(LENGTH)), output);
      FloatBuffer other =
          ByteBuffer.allocateDirect(Float.BYTES * LENGTH)
              .order(
                  ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN
                      ? ByteOrder.LITTLE_ENDIAN
                      : ByteOrder.BIG_ENDIAN)
              .asFloatBuffer();
      assertIllegal(fusion, "expected a direct one in native order", with(other), output);
      assertIllegal(fusion, "expected a direct one in native order", models(), other);
      assertIllegal(fusion, "the output is direct", models(), direct(LENGTH - 1));
      assertIllegal(fusion, "the output is on the heap", models(), FloatBuffer.allocate(LENGTH));
      assertIllegal(fusion, "read-only", models(), output.asReadOnlyBuffer());
      FloatBuffer both = direct(2 * LENGTH);
      FloatBuffer late = both.slice(LENGTH - 1, LENGTH);
      assertIllegal(fusion, "overlaps model 1", with(both.slice(0, LENGTH)), late);
      assertTrue(fusion.run(with(both.slice(0, LENGTH)), both.slice(LENGTH, LENGTH)));
      assertTrue(fusion.run(with(models().get(1).asReadOnlyBuffer()), output));
    }
  }
}
