package org.otfuse.java;

import java.util.ArrayList;
import java.util.List;
import org.otfuse.java.HeapBuffer.Floats;
import org.otfuse.spi.AxisMap;
import org.otfuse.spi.FeatureTask;

/**
 * Rows of a weight tensor as features: the offsets of a row's entries are the same for every row,
 * so they are laid out once and each row is one gather.
 */
final class Features {
  private static final int ROWS_AT_A_TIME = 16;

  private Features() {}

  static void gather(Workers workers, FeatureTask task) {
    List<AxisMap> axes = new ArrayList<>(task.axes());
    axes.set(task.outputAxis(), AxisMap.identity(axes.get(task.outputAxis()).sourceSize()));
    AlignedTensor tensor = new AlignedTensor(workers, Floats.of(task.source()), axes);
    int columns = task.columns();
    int[] offsets = offsets(tensor, task.outputAxis(), columns);
    int stride = stride(tensor, task.outputAxis());
    Floats source = tensor.values();
    Floats target = Floats.of(task.target());
    int n = task.target().rows();
    int d = task.target().columns();
    int blocks = (n + ROWS_AT_A_TIME - 1) / ROWS_AT_A_TIME;
    workers.forEach(
        blocks,
        block -> {
          int first = block * ROWS_AT_A_TIME;
          int rows = Math.min(ROWS_AT_A_TIME, n - first);
          int from = source.offset() + (task.firstRow() + first) * stride;
          int to = target.offset() + first * d + task.firstColumn();
          for (int c = 0; c < columns; c++) {
            int p = from + offsets[c];
            for (int i = 0; i < rows; i++) {
              target.array()[to + i * d + c] = source.array()[p + i * stride];
            }
          }
          task.scale()
              .ifPresent(scale -> scale(Floats.of(scale), first, rows, target, to, d, columns));
        });
  }

  private static void scale(
      Floats scale, int first, int rows, Floats target, int to, int d, int columns) {
    for (int i = 0; i < rows; i++) {
      float factor = scale.array()[scale.offset() + first + i];
      for (int p = to + i * d; p < to + i * d + columns; p++) {
        target.array()[p] *= factor;
      }
    }
  }

  private static int stride(AlignedTensor tensor, int axis) {
    int stride = 1;
    for (int a = axis + 1; a < tensor.axes().size(); a++) {
      stride *= tensor.axes().get(a).sourceSize();
    }
    return stride;
  }

  /** Where the entries of output index 0 lie, in row-major order of the other axes' targets. */
  private static int[] offsets(AlignedTensor tensor, int outputAxis, int columns) {
    int[] offsets = new int[columns];
    int repeat = columns;
    for (int a = 0; a < tensor.axes().size(); a++) {
      if (a == outputAxis) {
        continue;
      }
      AxisMap axis = tensor.axes().get(a);
      int[] gather = axis.gather();
      int stride = stride(tensor, a);
      repeat /= gather.length;
      for (int c = 0; c < columns; c++) {
        offsets[c] += gather[c / repeat % gather.length] * stride;
      }
    }
    return offsets;
  }
}
