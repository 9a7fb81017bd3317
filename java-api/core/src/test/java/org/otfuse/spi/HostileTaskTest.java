package org.otfuse.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.otfuse.Metric;
import org.otfuse.SinkhornSettings;
import org.otfuse.spi.AverageTask.Source;

/** Tasks that don't fit together are refused when they are made, before a back end sees them. */
class HostileTaskTest {
  private static final long HUGE = Long.MAX_VALUE;

  /** A buffer that claims any length. */
  private static DeviceBuffer buffer(long length) {
    return new DeviceBuffer() {
      @Override
      public long length() {
        return length;
      }

      @Override
      public void close() {}
    };
  }

  private static Span run(long length) {
    return Span.of(buffer(length));
  }

  private static Matrix matrix(int rows, int columns) {
    return Matrix.of(buffer((long) rows * columns), rows, columns);
  }

  private static List<AxisMap> axes(int... sizes) {
    return Arrays.stream(sizes).mapToObj(AxisMap::identity).toList();
  }

  private static AxisMap hard(int neurons, int... source) {
    return axis(new NeuronMap.Hard(source, neurons), 1);
  }

  private static AxisMap axis(NeuronMap map, int block) {
    return new AxisMap(List.of(new AxisMap.Segment(map, block)));
  }

  private static FeatureTask features(
      Span source, List<AxisMap> axes, int outputAxis, int firstRow, Matrix target, int column) {
    return new FeatureTask(source, axes, outputAxis, firstRow, Optional.empty(), target, column);
  }

  private static SinkhornTask sinkhorn(Matrix cost, int a, int b, Matrix plan, int f, int g) {
    return new SinkhornTask(cost, run(a), run(b), plan, run(f), run(g), SinkhornSettings.DEFAULTS);
  }

  private static void refuses(
      Class<? extends RuntimeException> type, Map<String, Supplier<Object>> cases) {
    cases.forEach(
        (message, make) -> assertEquals(message, assertThrows(type, make::get).getMessage()));
  }

  @Test
  void runsThatLeaveTheirBufferAreRefusedHoweverLongTheyAre() {
    Map<String, Supplier<Object>> cases = new LinkedHashMap<>();
    cases.put(
        "a span begins at -1 and is 2 long, expected a part of a buffer with 9",
        () -> new Span(buffer(9), -1, 2));
    cases.put(
        "a span begins at 8 and is 2 long, expected a part of a buffer with 9",
        () -> new Span(buffer(9), 8, 2));
    cases.put(
        "a span begins at 1 and is -1 long, expected a part of a buffer with 9",
        () -> new Span(buffer(9), 1, -1));
    cases.put(
        "a span begins at 9223372036854775807 and is 2 long, expected a part of a buffer with 9",
        () -> new Span(buffer(9), HUGE, 2));
    cases.put(
        "a span begins at 2 and is 9223372036854775807 long, expected a part of a buffer with 9",
        () -> new Span(buffer(9), 2, HUGE));
    cases.put(
        "a matrix begins at 9223372036854775807 and is 4 long, expected a part of a buffer with 9",
        () -> new Matrix(buffer(9), HUGE, 2, 2));
    cases.put(
        "a matrix begins at 0 and is 4611686014132420609 long, expected a part of a buffer with 9",
        () -> new Matrix(buffer(9), 0, Integer.MAX_VALUE, Integer.MAX_VALUE));
    cases.put(
        "a matrix has the shape [-1,-1], expected sizes of 0 or above",
        () -> new Matrix(buffer(9), 0, -1, -1));
    cases.put(
        "a hard map takes neuron 3 for anchor neuron 1, expected one of 3 neurons",
        () -> hard(3, 0, 3));
    cases.put(
        "a hard map takes neuron -1 for anchor neuron 0, expected one of 3 neurons",
        () -> hard(3, -1));
    refuses(IndexOutOfBoundsException.class, cases);
  }

  @Test
  void axesThatNoNumberCanCountAreRefused() {
    NeuronMap many = new NeuronMap.Identity(1 << 30);
    Map<String, Supplier<Object>> cases = new LinkedHashMap<>();
    cases.put(
        "an axis has 17179869184 indices or more, expected 2147483647 at most",
        () -> axis(many, 16));
    cases.put(
        "an axis has 2147483648 indices or more, expected 2147483647 at most",
        () -> new AxisMap(List.of(new AxisMap.Segment(many, 1), new AxisMap.Segment(many, 1))));
    cases.put("an axis has no segments, expected at least one", () -> new AxisMap(List.of()));
    cases.put("the block of a segment is 0, expected 1 or above", () -> axis(many, 0));
    cases.put("the number of neurons is -3, expected 0 or above", () -> new NeuronMap.Identity(-3));
    cases.put(
        "a tensor has more than 2305843009213693951 values, as many as can be addressed",
        () -> new Source(run(0), 1, axes(1 << 30, 1 << 30, 16)));
    refuses(IllegalArgumentException.class, cases);
  }

  @Test
  void sourcesAndTargetsOfAveragesMustFitTheirMaps() {
    Source source = new Source(run(6), 1, axes(2, 3));
    Map<String, Supplier<Object>> cases = new LinkedHashMap<>();
    cases.put(
        "a tensor has 5 values, expected 6 for the shape [2, 3]",
        () -> new Source(run(5), 1, axes(2, 3)));
    cases.put(
        "the weight of a source is NaN, expected a finite number",
        () -> new Source(run(6), Float.NaN, axes(2, 3)));
    cases.put(
        "an average has no sources, expected at least one",
        () -> new AverageTask(run(6), List.of()));
    cases.put(
        "the target has 7 values, expected 6 for the shape [2, 3]",
        () -> new AverageTask(run(7), List.of(source)));
    cases.put(
        "the maps of one source give the shape [2, 3] and those of another [3, 2], expected the"
            + " same",
        () -> new AverageTask(run(6), List.of(source, new Source(run(6), 1, axes(3, 2)))));
    refuses(IllegalArgumentException.class, cases);
  }

  @Test
  void axesThatAreTooLongOnlyOnTheWayAreRefused() {
    // [1, 2^31-1, 2^31-1] becomes [2^31-1, 1, 1]; with one axis mapped it is neither.
    int most = Integer.MAX_VALUE;
    NeuronMap narrow = new NeuronMap.Soft(Matrix.of(buffer(most), most, 1));
    NeuronMap wide = new NeuronMap.Soft(Matrix.of(buffer(most), 1, most));
    List<AxisMap> axes = List.of(axis(wide, 1), axis(narrow, 1), axis(narrow, 1));
    assertEquals(
        "a tensor has more than 2305843009213693951 values, as many as can be addressed",
        assertThrows(
                IllegalArgumentException.class, () -> new Source(run((long) most * most), 1, axes))
            .getMessage());
  }

  @Test
  void featureRowsAndColumnsMustLieInTensorAndTarget() {
    Map<String, Supplier<Object>> cases = new LinkedHashMap<>();
    cases.put(
        "the output axis begins at 2 and is 1 long, expected a part of the axes with 2",
        () -> features(run(6), axes(2, 3), 2, 0, matrix(2, 3), 0));
    cases.put(
        "a run of rows begins at 1 and is 2 long, expected a part of the output axis with 2",
        () -> features(run(6), axes(2, 3), 0, 1, matrix(2, 3), 0));
    cases.put(
        "a run of rows begins at 2147483647 and is 2 long, expected a part of the output axis with"
            + " 2",
        () -> features(run(6), axes(2, 3), 0, Integer.MAX_VALUE, matrix(2, 3), 0));
    cases.put(
        "a run of columns begins at 1 and is 3 long, expected a part of the target with 3",
        () -> features(run(6), axes(2, 3), 0, 0, matrix(2, 3), 1));
    refuses(IndexOutOfBoundsException.class, cases);
    Map<String, Supplier<Object>> sizes = new LinkedHashMap<>();
    sizes.put(
        "a row has 4294967296 features, expected 2147483647 at most",
        () -> features(run(1L << 32), axes(1, 1 << 16, 1 << 16), 0, 0, matrix(1, 3), 0));
    sizes.put(
        "the scale has 3 values, expected one for each of 2 rows",
        () -> new FeatureTask(run(6), axes(2, 3), 0, 0, Optional.of(run(3)), matrix(2, 3), 0));
    refuses(IllegalArgumentException.class, sizes);
  }

  @Test
  void problemsOfUnequalSizesAreRefused() {
    Matrix c = matrix(2, 3);
    String sinkhorn =
        "cost has the shape [%d,%d], a %d values, b %d, f %d, g %d and plan the shape [2,3],"
            + " expected [n,m], n, m, n, m and [n,m] of 1 or more";
    Map<String, Supplier<Object>> cases = new LinkedHashMap<>();
    cases.put(sinkhorn.formatted(2, 3, 3, 3, 2, 3), () -> sinkhorn(c, 3, 3, c, 2, 3));
    cases.put(sinkhorn.formatted(2, 3, 2, 2, 2, 3), () -> sinkhorn(c, 2, 2, c, 2, 3));
    cases.put(sinkhorn.formatted(2, 3, 2, 3, 0, 3), () -> sinkhorn(c, 2, 3, c, 0, 3));
    cases.put(sinkhorn.formatted(2, 3, 2, 3, 2, 4), () -> sinkhorn(c, 2, 3, c, 2, 4));
    cases.put(sinkhorn.formatted(0, 0, 0, 0, 0, 0), () -> sinkhorn(matrix(0, 0), 0, 0, c, 0, 0));
    cases.put(
        "cost has the shape [2,3], a 2 values, b 3 and plan the shape [3,2], expected [n,m], n, m"
            + " and [n,m] of 1 or more",
        () -> new ExactTask(c, run(2), run(3), matrix(3, 2)));
    cases.put(
        "x has the shape [2,3], y [3,2] and cost [2,3], expected [n,d], [m,d] and [n,m]",
        () -> new CostTask(c, matrix(3, 2), c, Metric.EUCLIDEAN));
    cases.put(
        "plan has the shape [2,3] and a map [3,2], expected the same",
        () -> new MapTask(c, c, matrix(3, 2)));
    refuses(IllegalArgumentException.class, cases);
  }

  @Test
  void nullsAreRefusedByName() {
    Matrix c = matrix(1, 1);
    Map<String, Supplier<Object>> cases = new LinkedHashMap<>();
    cases.put("buffer", () -> new Span(null, 0, 0));
    cases.put("source", () -> new NeuronMap.Hard(null, 1));
    cases.put("matrix", () -> new NeuronMap.Soft(null));
    cases.put("map", () -> new AxisMap.Segment(null, 1));
    cases.put("segments", () -> new AxisMap(null));
    cases.put("axes", () -> new Source(run(1), 1, Arrays.asList((AxisMap) null)));
    cases.put("metric", () -> new CostTask(c, c, c, null));
    cases.put("settings", () -> new SinkhornTask(c, run(1), run(1), c, run(1), run(1), null));
    cases.put("b", () -> new ExactTask(c, run(1), null, c));
    cases.put("q", () -> new MapTask(c, c, null));
    cases.put("scale", () -> new FeatureTask(run(1), axes(1), 0, 0, null, c, 0));
    refuses(NullPointerException.class, cases);
  }

  @Test
  void threadsOutOfRangeAreRefused() {
    for (int threads : new int[] {Integer.MIN_VALUE, 0, 1025}) {
      assertEquals(
          "threads is " + threads + ", expected 1 to 1024",
          assertThrows(IllegalArgumentException.class, () -> new BackendSettings(threads))
              .getMessage());
    }
  }
}
