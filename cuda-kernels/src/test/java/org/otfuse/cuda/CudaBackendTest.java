package org.otfuse.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.otfuse.InvalidInputException;
import org.otfuse.SinkhornSettings;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.SinkhornTask;
import org.otfuse.spi.Span;
import org.otfuse.testkit.BackendSuite;

/** The CUDA back end on the emulated device in the suite of all back ends. */
@Tag("long")
@RequiresEmulator
class CudaBackendTest extends BackendSuite {
  CudaBackendTest() {
    super(new EmulatedBackendProvider());
  }

  @Test
  void itIsNotCalledAsTheOneForUsers() {
    assertEquals("cuda-emulated", backend().name());
  }

  /** Its exponents are sums of two floats in units of epsilon, which such costs leave. */
  @Test
  @Override
  public void sinkhornMatchesTheReferenceForTheLargestAndSmallestCosts() {
    for (float cost : new float[] {3e38f, 1e-38f}) {
      try (DeviceBuffer memory = backend().allocate(6)) {
        backend().write(FloatBuffer.wrap(new float[] {cost, 1, 1, 0, 0, 0}), Span.of(memory));
        SinkhornTask task =
            new SinkhornTask(
                new Matrix(memory, 0, 1, 1),
                new Span(memory, 1, 1),
                new Span(memory, 2, 1),
                new Matrix(memory, 3, 1, 1),
                new Span(memory, 4, 1),
                new Span(memory, 5, 1),
                SinkhornSettings.DEFAULTS);
        assertEquals(
            "The largest cost of problem 0 is " + cost + ", expected 0 or 1.0E-30 to 1.0E35.",
            assertThrows(InvalidInputException.class, () -> backend().sinkhorn(List.of(task)))
                .getMessage());
      }
    }
  }
}
