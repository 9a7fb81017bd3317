package org.otfuse.features;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.otfuse.device.Arena;
import org.otfuse.spi.AxisMap;
import org.otfuse.spi.Backend;
import org.otfuse.spi.FeatureTask;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.Span;

/**
 * Part of a feature row: a tensor without the columns that it goes to.
 *
 * @param source the tensor
 * @param axes one map an axis
 * @param outputAxis the axis whose indices are the neurons
 * @param firstRow the first neuron on that axis
 * @param scale one factor a neuron
 */
public record FeatureBlock(
    Span source, List<AxisMap> axes, int outputAxis, int firstRow, Optional<Span> scale) {
  /** One value a neuron. */
  static FeatureBlock vector(Span values, int neurons) {
    return new FeatureBlock(values, List.of(AxisMap.identity(neurons)), 0, 0, Optional.empty());
  }

  /** A feature matrix [n,d] of blocks side by side. */
  public static Matrix gather(Backend backend, Arena arena, int n, List<FeatureBlock> blocks) {
    Matrix target = arena.matrix(n, blocks.stream().mapToInt(FeatureBlock::columns).sum());
    List<FeatureTask> tasks = new ArrayList<>();
    int column = 0;
    for (FeatureBlock b : blocks) {
      tasks.add(
          new FeatureTask(b.source, b.axes, b.outputAxis, b.firstRow, b.scale, target, column));
      column += b.columns();
    }
    backend.features(tasks);
    return target;
  }

  private int columns() {
    long columns = 1;
    for (int a = 0; a < axes.size(); a++) {
      columns *= a == outputAxis ? 1 : axes.get(a).targetSize();
    }
    return Math.toIntExact(columns);
  }
}
