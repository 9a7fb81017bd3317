package org.otfuse.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.FloatBuffer;
import java.util.Arrays;
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

  private float[] plan(float... costs) {
    int n = (int) Math.sqrt(costs.length);
    try (DeviceBuffer memory = backend().allocate(2L * costs.length + 4L * n)) {
      float[] values = new float[2 * costs.length + 4 * n];
      System.arraycopy(costs, 0, values, 0, costs.length);
      Arrays.fill(values, costs.length, costs.length + 2 * n, 1f / n);
      backend().write(FloatBuffer.wrap(values), Span.of(memory));
      Matrix plan = new Matrix(memory, costs.length + 4L * n, n, n);
      backend()
          .sinkhorn(
              List.of(
                  new SinkhornTask(
                      Matrix.of(memory, n, n),
                      new Span(memory, costs.length, n),
                      new Span(memory, costs.length + n, n),
                      plan,
                      new Span(memory, costs.length + 2L * n, n),
                      new Span(memory, costs.length + 3L * n, n),
                      SinkhornSettings.DEFAULTS)));
      float[] found = new float[costs.length];
      backend().download(plan.span(), FloatBuffer.wrap(found));
      return found;
    }
  }

  /** Its exponents are sums of two floats in units of epsilon, which has to have an inverse. */
  @Test
  @Override
  public void sinkhornMatchesTheReferenceForTheLargestAndSmallestCosts() {
    float most = Float.MAX_VALUE;
    assertArrayEquals(new float[] {0, 0.5f, 0.5f, 0}, plan(most, 0, 0, most), 1e-6f);
    assertEquals(
        "The largest cost of problem 0 is 1.0E-38, expected 0 or at least 1.0E-30.",
        assertThrows(InvalidInputException.class, () -> plan(1e-38f)).getMessage());
  }
}
