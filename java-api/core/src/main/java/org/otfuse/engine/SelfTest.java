package org.otfuse.engine;

import java.nio.FloatBuffer;
import java.util.List;
import org.otfuse.Metric;
import org.otfuse.SelfTestException;
import org.otfuse.SinkhornSettings;
import org.otfuse.device.Arena;
import org.otfuse.spi.Assignment;
import org.otfuse.spi.AverageTask;
import org.otfuse.spi.AxisMap;
import org.otfuse.spi.Backend;
import org.otfuse.spi.CostTask;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.NeuronMap;
import org.otfuse.spi.SinkhornTask;
import org.otfuse.spi.Span;

/**
 * Proves a back end on numbers that can be checked by hand, in milliseconds: the sides of a 3-4-5
 * triangle, an assignment of three, an entropic coupling with a closed form, and an average through
 * a permutation.
 */
public final class SelfTest {
  private static final float TOLERANCE = 1e-5f;

  private final Backend backend;
  private final Arena arena;

  private SelfTest(Backend backend, Arena arena) {
    this.backend = backend;
    this.arena = arena;
  }

  /** Throws {@link SelfTestException} at the first wrong number. */
  public static void run(Backend backend) {
    try (Arena arena = new Arena(backend)) {
      SelfTest test = new SelfTest(backend, arena);
      test.cost();
      test.assignment();
      test.sinkhorn();
      test.average();
    }
  }

  private void cost() {
    Matrix x = matrix(2, 2, 0, 0, 3, 4);
    Matrix y = matrix(2, 2, 0, 0, 6, 8);
    Matrix cost = arena.matrix(2, 2);
    backend.cost(List.of(new CostTask(x, y, cost, Metric.EUCLIDEAN)));
    check("pairwise cost", cost.span(), 0, 10, 5, 5);
  }

  private void assignment() {
    Matrix cost = matrix(3, 3, 4, 1, 3, 2, 0, 5, 3, 2, 2);
    Assignment assignment = backend.assign(List.of(cost)).get(0);
    int[] source = assignment.map().source();
    check("assignment", new float[] {source[0], source[1], source[2]}, 1, 0, 2);
  }

  /** For costs 0 and 1 and eps 1/2 the off-diagonal mass is 1 / (1 + e^2). */
  private void sinkhorn() {
    Span half = arena.upload(new float[] {0.5f, 0.5f});
    Matrix plan = arena.matrix(2, 2);
    backend.sinkhorn(
        List.of(
            new SinkhornTask(
                matrix(2, 2, 0, 1, 1, 0),
                half,
                half,
                plan,
                arena.allocate(2),
                arena.allocate(2),
                SinkhornSettings.DEFAULTS.withEpsilon(1))));
    float off = (float) (0.5 / (1 + Math.exp(2)));
    check("Sinkhorn coupling", plan.span(), 0.5f - off, off, off, 0.5f - off);
  }

  private void average() {
    NeuronMap.Hard swap = new NeuronMap.Hard(new int[] {1, 0}, 2);
    AxisMap axis = new AxisMap(List.of(new AxisMap.Segment(swap, 1)));
    Span target = arena.allocate(4);
    AverageTask.Source anchor =
        new AverageTask.Source(
            arena.upload(new float[] {1, 2, 3, 4}),
            0.5f,
            List.of(AxisMap.identity(2), AxisMap.identity(2)));
    AverageTask.Source other =
        new AverageTask.Source(
            arena.upload(new float[] {10, 20, 30, 40}), 0.5f, List.of(axis, axis));
    backend.average(List.of(new AverageTask(target, List.of(anchor, other))));
    check("average", target, 20.5f, 16, 11.5f, 7);
  }

  private Matrix matrix(int rows, int columns, float... values) {
    return Matrix.of(arena.upload(values).buffer(), rows, columns);
  }

  private void check(String what, Span found, float... expected) {
    FloatBuffer host = FloatBuffer.allocate(expected.length);
    backend.download(found, host);
    check(what, host.array(), expected);
  }

  private void check(String what, float[] found, float... expected) {
    for (int i = 0; i < expected.length; i++) {
      if (!(Math.abs(found[i] - expected[i]) <= TOLERANCE)) {
        throw new SelfTestException(
            "The %s back end failed its self-test: %s entry %d is %s, expected %s."
                .formatted(backend.name(), what, i, found[i], expected[i]),
            null);
      }
    }
  }
}
