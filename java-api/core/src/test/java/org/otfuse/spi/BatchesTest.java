package org.otfuse.spi;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.otfuse.Metric;
import org.otfuse.SinkhornSettings;

/** Targets of a batch must lie apart from all else that it touches. */
class BatchesTest {
  private final DeviceBuffer buffer = buffer();
  private final DeviceBuffer other = buffer();

  private static DeviceBuffer buffer() {
    return new DeviceBuffer() {
      @Override
      public long length() {
        return 1000;
      }

      @Override
      public void close() {}
    };
  }

  private Span at(long offset, long length) {
    return new Span(buffer, offset, length);
  }

  private Matrix at(long offset, int rows, int columns) {
    return new Matrix(buffer, offset, rows, columns);
  }

  private CostTask cost(long x, long y, long target) {
    return new CostTask(at(x, 2, 3), at(y, 2, 3), at(target, 2, 2), Metric.EUCLIDEAN);
  }

  private static void refused(String message, List<? extends Task> tasks) {
    assertEquals(
        message,
        assertThrows(IllegalArgumentException.class, () -> Batches.requireDisjoint(tasks))
            .getMessage());
  }

  @Test
  void tasksMayShareSourcesAndTouchEachOther() {
    Batches.requireDisjoint(List.of());
    Batches.requireDisjoint(List.of(cost(0, 0, 6), cost(0, 0, 10), cost(14, 20, 26)));
    Matrix elsewhere = new Matrix(other, 0, 2, 2);
    CostTask task = new CostTask(at(0, 2, 3), at(0, 2, 3), elsewhere, Metric.EUCLIDEAN);
    Batches.requireDisjoint(List.of(task, cost(0, 0, 6)));
    CostTask empty = new CostTask(at(0, 0, 3), at(0, 9, 3), at(3, 0, 9), Metric.EUCLIDEAN);
    Batches.requireDisjoint(List.of(empty));
  }

  @Test
  void aTargetInASourceOrInAnotherTargetIsRefused() {
    refused(
        "task 0 writes 5 to 8 of the floats of a buffer of which task 0 reads 0 to 5, expected"
            + " targets apart from all else",
        List.of(cost(0, 0, 5)));
    refused(
        "task 1 writes 9 to 12 of the floats of a buffer of which task 0 writes 6 to 9, expected"
            + " targets apart from all else",
        List.of(cost(0, 0, 6), cost(0, 0, 9)));
    refused(
        "task 0 reads 102 to 107 of the floats of a buffer of which task 1 writes 100 to 103,"
            + " expected targets apart from all else",
        List.of(cost(102, 102, 0), cost(20, 20, 100)));
  }

  @Test
  void everyTargetOfEveryKindOfTaskCounts() {
    SinkhornTask sinkhorn =
        new SinkhornTask(
            at(0, 1, 1),
            at(1, 1),
            at(2, 1),
            at(3, 1, 1),
            at(4, 1),
            at(4, 1),
            SinkhornSettings.DEFAULTS);
    ExactTask exact = new ExactTask(at(0, 1, 1), at(1, 1), at(2, 1), at(2, 1, 1));
    MapTask maps = new MapTask(at(0, 1, 1), at(1, 1, 1), at(1, 1, 1));
    AxisMap soft = new AxisMap(List.of(new AxisMap.Segment(new NeuronMap.Soft(at(5, 1, 1)), 1)));
    AverageTask average =
        new AverageTask(at(5, 1), List.of(new AverageTask.Source(at(0, 1), 1, List.of(soft))));
    for (Task task : List.of(sinkhorn, exact, maps, average)) {
      assertThrows(
          IllegalArgumentException.class,
          () -> Batches.requireDisjoint(List.of(task)),
          task::toString);
    }
  }

  @Test
  void featureTasksMayFillDifferentColumnsOfOneMatrix() {
    Matrix target = at(100, 2, 6);
    List<AxisMap> axes = List.of(AxisMap.identity(2), AxisMap.identity(3));
    FeatureTask left = new FeatureTask(at(0, 6), axes, 0, 0, Optional.of(at(6, 2)), target, 0);
    FeatureTask right = new FeatureTask(at(0, 6), axes, 0, 0, Optional.empty(), target, 3);
    FeatureTask middle = new FeatureTask(at(0, 6), axes, 0, 0, Optional.empty(), target, 2);
    Batches.requireDisjoint(List.of(left, right));
    refused(
        "task 1 writes 2 to 4 of the columns of a matrix of which task 0 writes 0 to 2, expected"
            + " targets apart from all else",
        List.of(left, middle));
    FeatureTask inPlace = new FeatureTask(at(105, 6), axes, 0, 0, Optional.empty(), target, 3);
    assertThrows(IllegalArgumentException.class, () -> Batches.requireDisjoint(List.of(inPlace)));
  }

  @Test
  void whatIsRefusedIsWhatOverlapsInRandomBatches() {
    Random random = new Random(1);
    int refused = 0;
    for (int trial = 0; trial < 2000; trial++) {
      List<Task> tasks = new ArrayList<>();
      for (int t = 0; t < 1 + trial % 4; t++) {
        Span source = at(random.nextInt(90), random.nextInt(6));
        Span target = at(random.nextInt(90), source.length());
        List<AxisMap> axes = List.of(AxisMap.identity((int) source.length()));
        tasks.add(new AverageTask(target, List.of(new AverageTask.Source(source, 1, axes))));
      }
      Collections.shuffle(tasks, random);
      if (overlaps(tasks)) {
        refused++;
        assertThrows(IllegalArgumentException.class, () -> Batches.requireDisjoint(tasks));
      } else {
        assertDoesNotThrow(() -> Batches.requireDisjoint(tasks));
      }
    }
    assertEquals(1000, refused, 900);
  }

  /** Float by float. */
  private static boolean overlaps(List<Task> tasks) {
    int[] reads = new int[100];
    int[] writes = new int[100];
    for (Task task : tasks) {
      task.reads().forEach(span -> count(span, reads));
      task.writes().forEach(span -> count(span, writes));
    }
    for (int i = 0; i < reads.length; i++) {
      if (writes[i] > 1 || writes[i] == 1 && reads[i] > 0) {
        return true;
      }
    }
    return false;
  }

  private static void count(Span span, int[] uses) {
    for (long i = span.offset(); i < span.offset() + span.length(); i++) {
      uses[(int) i]++;
    }
  }
}
