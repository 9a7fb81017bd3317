package org.otfuse.natives;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.otfuse.InputMap;
import org.otfuse.InvalidInputException;
import org.otfuse.MarginalKind;
import org.otfuse.Metric;
import org.otfuse.SinkhornSettings;
import org.otfuse.Solver;
import org.otfuse.spi.Backend;
import org.otfuse.spi.BackendSettings;
import org.otfuse.spi.CompiledFusion;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.ExactTask;
import org.otfuse.spi.FusionProgram;
import org.otfuse.spi.FusionProgram.Axis;
import org.otfuse.spi.FusionProgram.Part;
import org.otfuse.spi.FusionProgram.Segment;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.SinkhornTask;
import org.otfuse.spi.Span;

/** What the engine refuses arrives as the exception that the SPI names. */
@RequiresLibrary
class RefusalTest {
  private static final int LENGTH = 6;

  private static Backend open() {
    return new NativeBackendProvider().open(new BackendSettings(2));
  }

  private static FloatBuffer direct(ByteOrder order, int count) {
    return ByteBuffer.allocateDirect(count * Float.BYTES).order(order).asFloatBuffer();
  }

  private static FloatBuffer direct() {
    return direct(ByteOrder.nativeOrder(), LENGTH);
  }

  /** The mean of two models of one tensor. */
  private static CompiledFusion mean(Backend backend) {
    Part part = new Part(0, List.of(new Axis(false, List.of(new Segment(-1, 1, LENGTH)))));
    return backend
        .compile(
            new FusionProgram(
                LENGTH,
                List.of(0.5, 0.5),
                0,
                List.of(),
                List.of(),
                List.of(part),
                Metric.EUCLIDEAN,
                Solver.EXACT,
                SinkhornSettings.DEFAULTS,
                MarginalKind.UNIFORM,
                InputMap.ROW))
        .orElseThrow();
  }

  @Test
  void aCompiledFusionRefusesBuffersThatTheEngineCouldNotUse() {
    ByteOrder foreign =
        ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN
            ? ByteOrder.LITTLE_ENDIAN
            : ByteOrder.BIG_ENDIAN;
    try (Backend backend = open();
        CompiledFusion fusion = mean(backend)) {
      FloatBuffer good = direct();
      for (FloatBuffer bad :
          List.of(
              FloatBuffer.allocate(LENGTH),
              direct(foreign, LENGTH),
              direct(ByteOrder.nativeOrder(), LENGTH - 1),
              direct(ByteOrder.nativeOrder(), LENGTH + 1),
              direct().position(1))) {
        assertThrows(
            IllegalArgumentException.class, () -> fusion.run(List.of(good, bad), direct()));
        assertThrows(IllegalArgumentException.class, () -> fusion.run(List.of(good, good), bad));
      }
      assertThrows(
          IllegalArgumentException.class,
          () -> fusion.run(List.of(good, good), direct().asReadOnlyBuffer()));
      assertThrows(IllegalArgumentException.class, () -> fusion.run(List.of(good), direct()));
      assertThrows(
          IllegalArgumentException.class, () -> fusion.run(List.of(good, good, good), direct()));
      FloatBuffer output = direct().put(0, 7f);
      assertTrue(fusion.run(List.of(good, good.asReadOnlyBuffer()), output));
      assertEquals(0f, output.get(0));
    }
  }

  @Test
  void aCompiledFusionThatIsClosedRefusesToRun() {
    try (Backend backend = open()) {
      CompiledFusion fusion = mean(backend);
      fusion.close();
      assertThrows(
          IllegalStateException.class, () -> fusion.run(List.of(direct(), direct()), direct()));
    }
  }

  @Test
  void aCompiledFusionLeavesWeightsThatAreNotFiniteToItsCaller() {
    try (Backend backend = open();
        CompiledFusion fusion = mean(backend)) {
      FloatBuffer good = direct();
      for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
        assertFalse(fusion.run(List.of(good, direct().put(5, bad)), direct()));
      }
      assertTrue(fusion.run(List.of(good, good), direct()));
    }
  }

  @Test
  void solversRefuseNumbersThatAreNotFiniteByProblemAndPlace() {
    FloatBuffer values = FloatBuffer.wrap(new float[] {1, Float.NaN, 1, 1, 0.5f, 0.5f});
    try (Backend backend = open();
        DeviceBuffer source = backend.upload(values);
        DeviceBuffer target = backend.allocate(8)) {
      Matrix cost = Matrix.of(source, 2, 2);
      Span mass = new Span(source, 4, 2);
      Matrix plan = new Matrix(target, 0, 2, 2);
      Span f = new Span(target, 4, 2);
      Span g = new Span(target, 6, 2);
      SinkhornTask sinkhorn =
          new SinkhornTask(cost, mass, mass, plan, f, g, SinkhornSettings.DEFAULTS);
      String expected = "Cost [0,1] of problem 0 is NaN, expected a finite number.";
      assertEquals(
          expected,
          assertThrows(InvalidInputException.class, () -> backend.assign(List.of(cost)))
              .getMessage());
      assertEquals(
          expected,
          assertThrows(
                  InvalidInputException.class,
                  () -> backend.transport(List.of(new ExactTask(cost, mass, mass, plan))))
              .getMessage());
      assertEquals(
          expected,
          assertThrows(InvalidInputException.class, () -> backend.sinkhorn(List.of(sinkhorn)))
              .getMessage());
    }
  }
}
