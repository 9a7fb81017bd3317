package org.otfuse.nd4j;

import java.util.List;
import org.otfuse.spi.AxisMap;

/**
 * Hard maps of consecutive axes as one list of source indices. Trailing axes that stay as they are
 * make up runs, which are copied as a whole; the identity is one run without a list.
 *
 * @param indices for each run of the target the run of the source; empty for the identity
 * @param run values that lie side by side before and after
 * @param sourceSize the product of the axes' sizes before the maps
 * @param targetSize the product of the axes' sizes after the maps
 * @param identity whether every index stays where it is
 */
record Gather(int[] indices, int run, int sourceSize, int targetSize, boolean identity) {
  /** Combines axes, none of them soft; no axes are one index. */
  static Gather of(List<AxisMap> axes) {
    long source = 1;
    long target = 1;
    for (AxisMap axis : axes) {
      source *= axis.sourceSize();
      target *= axis.targetSize();
    }
    int moved = axes.size();
    int run = 1;
    while (moved > 0 && axes.get(moved - 1).isIdentity()) {
      run *= axes.get(--moved).targetSize();
    }
    int n = Math.toIntExact(source);
    int m = Math.toIntExact(target);
    boolean identity = moved == 0;
    int[] indices = identity ? new int[0] : combine(axes.subList(0, moved));
    return new Gather(indices, run, n, m, identity);
  }

  private static int[] combine(List<AxisMap> axes) {
    int[] combined = {0};
    for (AxisMap axis : axes) {
      int[] own = axis.gather();
      int size = axis.sourceSize();
      int[] next = new int[combined.length * own.length];
      int t = 0;
      for (int outer : combined) {
        for (int index : own) {
          next[t++] = outer * size + index;
        }
      }
      combined = next;
    }
    return combined;
  }

  int source(int target) {
    return identity ? target : indices[target / run] * run + target % run;
  }

  /** target[to + t] = source[from + index of t]. */
  void move(float[] source, int from, float[] target, int to) {
    if (identity) {
      System.arraycopy(source, from, target, to, targetSize);
    } else if (run == 1) {
      for (int t = 0; t < indices.length; t++) {
        target[to + t] = source[from + indices[t]];
      }
    } else {
      for (int t = 0; t < indices.length; t++) {
        System.arraycopy(source, from + indices[t] * run, target, to + t * run, run);
      }
    }
  }
}
