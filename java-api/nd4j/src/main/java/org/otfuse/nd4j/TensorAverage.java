package org.otfuse.nd4j;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.otfuse.spi.AverageTask;
import org.otfuse.spi.AxisMap;

/**
 * Averages one tensor over aligned models. Soft maps are applied first, then one pass over the
 * target gathers all models into it, row by row in the first-level cache: a row is an index of the
 * first axis, or the whole tensor where there is only one axis.
 */
final class TensorAverage {
  private static final int CHUNK = 1 << 15;

  private final Rows target;
  private final List<Input> inputs = new ArrayList<>();
  private final int columns;

  private TensorAverage(AverageTask task, Lease lease, Workers workers) {
    FloatPointer memory = lease.write(task.target());
    List<AxisMap> axes = task.sources().get(0).axes();
    int rows = axes.size() > 1 ? axes.get(0).targetSize() : 1;
    columns = Math.toIntExact(task.target().length() / rows);
    target = new Rows(memory, rows, columns);
    for (AverageTask.Source source : task.sources()) {
      if (source.weight() != 0) {
        inputs.add(Input.of(source, lease, workers));
      }
    }
    workers.ranges(rows, Math.max(1, CHUNK / columns), this::chunk);
  }

  static void compute(AverageTask task, Lease lease, Workers workers) {
    if (task.target().length() > 0) {
      new TensorAverage(task, lease, workers);
    }
  }

  private void chunk(int from, int to) {
    float[] sum = new float[columns];
    float[] moved = new float[columns];
    float[][] read = new float[inputs.size()][];
    for (int k = 0; k < read.length; k++) {
      read[k] = new float[inputs.get(k).columns.sourceSize()];
    }
    for (int t = from; t < to; t++) {
      for (int k = 0; k < read.length; k++) {
        Input input = inputs.get(k);
        input.values.get(input.rows.source(t), read[k]);
        input.columns.move(read[k], 0, moved, 0);
        if (k == 0) {
          scale(input.weight, moved, sum);
        } else {
          addScaled(input.weight, moved, sum);
        }
      }
      target.put(t, sum);
    }
  }

  private static void scale(float weight, float[] values, float[] sum) {
    for (int j = 0; j < sum.length; j++) {
      sum[j] = weight * values[j];
    }
  }

  private static void addScaled(float weight, float[] values, float[] sum) {
    for (int j = 0; j < sum.length; j++) {
      sum[j] += weight * values[j];
    }
  }

  /** One model's tensor, with nothing but gathers left to do. */
  private record Input(Rows values, float weight, Gather rows, Gather columns) {
    static Input of(AverageTask.Source source, Lease lease, Workers workers) {
      SoftAxes soft =
          SoftAxes.apply(lease.read(source.values()), source.axes(), -1, lease, workers);
      int split = source.axes().size() > 1 ? 1 : 0;
      Gather rows = Gather.of(soft.axes().subList(0, split));
      Gather columns = Gather.of(soft.axes().subList(split, source.axes().size()));
      Rows values = new Rows(soft.values(), rows.sourceSize(), columns.sourceSize());
      return new Input(values, source.weight(), rows, columns);
    }
  }
}
