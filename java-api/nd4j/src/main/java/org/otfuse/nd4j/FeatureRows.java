package org.otfuse.nd4j;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.otfuse.spi.AxisMap;
import org.otfuse.spi.FeatureTask;

/**
 * Writes the rows of a tensor into a feature matrix. The tensor is [outer, output, inner]; a panel
 * of rows is put together from the slab [rows, inner] of every outer index.
 */
final class FeatureRows {
  private static final int PANEL = 1 << 16;
  private static final int MIN_ROWS = 32;

  private final FeatureTask task;
  private final FloatPointer source;
  private final FloatPointer target;
  private final int output;
  private final Gather outer;
  private final Gather inner;
  private final float[] scale;

  private FeatureRows(FeatureTask task, Lease lease, Workers workers) {
    this.task = task;
    target = lease.write(task.target());
    SoftAxes soft =
        SoftAxes.apply(lease.read(task.source()), task.axes(), task.outputAxis(), lease, workers);
    source = soft.values();
    List<AxisMap> axes = soft.axes();
    output = axes.get(task.outputAxis()).sourceSize();
    outer = Gather.of(axes.subList(0, task.outputAxis()));
    inner = Gather.of(axes.subList(task.outputAxis() + 1, axes.size()));
    scale = new float[task.target().rows()];
    if (task.scale().isPresent()) {
      Lease.view(lease.read(task.scale().get()), 0, scale.length).get(scale);
    } else {
      Arrays.fill(scale, 1f);
    }
  }

  static void compute(FeatureTask task, Lease lease, Workers workers) {
    if (task.columns() > 0 && task.target().rows() > 0) {
      FeatureRows rows = new FeatureRows(task, lease, workers);
      int panel = Math.max(MIN_ROWS, PANEL / task.columns());
      workers.ranges(task.target().rows(), panel, rows::panel);
    }
  }

  private void panel(int from, int to) {
    int columns = task.columns();
    float[] slab = new float[(to - from) * inner.sourceSize()];
    float[] rows = new float[(to - from) * columns];
    for (int o = 0; o < outer.targetSize(); o++) {
      long first = (long) outer.source(o) * output + task.firstRow() + from;
      Lease.view(source, first * inner.sourceSize(), slab.length).get(slab);
      for (int i = 0; i < to - from; i++) {
        int at = i * columns + o * inner.targetSize();
        inner.move(slab, i * inner.sourceSize(), rows, at);
      }
    }
    for (int i = from; i < to; i++) {
      scale(scale[i], rows, (i - from) * columns, columns);
      long at = (long) i * task.target().columns() + task.firstColumn();
      Lease.view(target, at, columns).put(rows, (i - from) * columns, columns);
    }
  }

  private static void scale(float factor, float[] rows, int from, int columns) {
    if (factor != 1) {
      for (int k = from; k < from + columns; k++) {
        rows[k] *= factor;
      }
    }
  }
}
