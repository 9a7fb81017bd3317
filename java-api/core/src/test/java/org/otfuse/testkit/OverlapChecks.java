package org.otfuse.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.otfuse.Metric;
import org.otfuse.SinkhornSettings;
import org.otfuse.spi.AverageTask;
import org.otfuse.spi.AxisMap;
import org.otfuse.spi.Backend;
import org.otfuse.spi.CostTask;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.ExactTask;
import org.otfuse.spi.FeatureTask;
import org.otfuse.spi.MapTask;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.SinkhornTask;
import org.otfuse.spi.Span;

/** Every operation refuses a target that overlaps anything else, and changes nothing then. */
public interface OverlapChecks {
  /** The back end under test. */
  Backend backend();

  @Test
  default void targetsThatOverlapAreRefusedBeforeAnythingIsWritten() {
    float[] before = {1, 2, 3, 4, 5, 6};
    float[] after = new float[before.length];
    try (DeviceBuffer buffer = backend().allocate(before.length)) {
      backend().write(FloatBuffer.wrap(before), Span.of(buffer));
      Matrix[] m = new Matrix[before.length];
      Span[] s = new Span[before.length];
      for (int i = 0; i < before.length; i++) {
        m[i] = new Matrix(buffer, i, 1, 1);
        s[i] = new Span(buffer, i, 1);
      }
      List<AxisMap> axes = List.of(AxisMap.identity(1));
      List<Executable> calls =
          List.of(
              () -> backend().cost(List.of(new CostTask(m[0], m[1], m[1], Metric.EUCLIDEAN))),
              () ->
                  backend()
                      .sinkhorn(
                          List.of(
                              new SinkhornTask(
                                  m[0], s[1], s[2], m[3], s[4], s[4], SinkhornSettings.DEFAULTS))),
              () -> backend().transport(List.of(new ExactTask(m[0], s[1], s[2], m[0]))),
              () -> backend().maps(List.of(new MapTask(m[0], m[1], m[1]))),
              () ->
                  backend()
                      .features(
                          List.of(
                              new FeatureTask(s[0], axes, 0, 0, Optional.empty(), m[1], 0),
                              new FeatureTask(s[1], axes, 0, 0, Optional.empty(), m[2], 0))),
              () ->
                  backend()
                      .average(
                          List.of(
                              new AverageTask(
                                  s[3], List.of(new AverageTask.Source(s[3], 2, axes))))));
      calls.forEach(call -> assertThrows(IllegalArgumentException.class, call));
      backend().download(Span.of(buffer), FloatBuffer.wrap(after));
      assertEquals(FloatBuffer.wrap(before), FloatBuffer.wrap(after));
    }
  }

  @Test
  default void aPlanOverItsPotentialsIsRefusedBeforeAnythingIsWritten() {
    float[] before = {0, 1, 1, 0, .5f, .5f, .5f, .5f, 9, 9, 9, 9, 9};
    float[] after = new float[before.length];
    try (DeviceBuffer buffer = backend().allocate(before.length)) {
      backend().write(FloatBuffer.wrap(before), Span.of(buffer));
      ExactTask task =
          new ExactTask(
              new Matrix(buffer, 0, 2, 2),
              new Span(buffer, 4, 2),
              new Span(buffer, 6, 2),
              new Matrix(buffer, 9, 2, 2));
      for (int first : new int[] {8, 9, 11}) {
        List<Span> g = List.of(new Span(buffer, first, 2));
        assertThrows(IllegalArgumentException.class, () -> backend().transport(List.of(task), g));
      }
      backend().download(Span.of(buffer), FloatBuffer.wrap(after));
      assertEquals(FloatBuffer.wrap(before), FloatBuffer.wrap(after));
    }
  }

  @Test
  default void potentialsThatDoNotFitTheirProblemsAreRefused() {
    try (DeviceBuffer buffer = backend().allocate(8)) {
      backend()
          .write(FloatBuffer.wrap(new float[] {0, 1, 1, 0, .5f, .5f, .5f, .5f}), Span.of(buffer));
      List<Matrix> costs = List.of(Matrix.of(buffer, 2, 2));
      Span half = new Span(buffer, 4, 1);
      for (List<Span> g : List.of(List.<Span>of(), List.of(half), List.of(half, half))) {
        assertThrows(IllegalArgumentException.class, () -> backend().assign(costs, g));
        try (DeviceBuffer plan = backend().allocate(4)) {
          ExactTask task =
              new ExactTask(
                  costs.get(0),
                  new Span(buffer, 4, 2),
                  new Span(buffer, 6, 2),
                  Matrix.of(plan, 2, 2));
          assertThrows(IllegalArgumentException.class, () -> backend().transport(List.of(task), g));
        }
      }
    }
  }
}
