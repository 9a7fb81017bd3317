package org.otfuse.java;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.otfuse.DeviceException;
import org.otfuse.java.HeapBuffer.Floats;
import org.otfuse.spi.AxisMap;
import org.otfuse.spi.AxisMap.Segment;
import org.otfuse.spi.NeuronMap;

/**
 * A tensor and the gathers that bring it to the anchor's order. Soft maps are multiplied out first,
 * one axis after the other; what is left are hard maps and identities, which cost no pass of their
 * own because whoever reads the tensor reads through the gathers.
 */
final class AlignedTensor {
  private static final int NARROW = 64;

  private final Workers workers;
  private Floats values;
  private final List<AxisMap> axes;

  AlignedTensor(Workers workers, Floats values, List<AxisMap> axes) {
    this.workers = workers;
    this.values = values;
    this.axes = new ArrayList<>(axes);
    for (int axis = 0; axis < axes.size(); axis++) {
      if (axes.get(axis).soft()) {
        multiply(axis);
      }
    }
  }

  Floats values() {
    return values;
  }

  List<AxisMap> axes() {
    return axes;
  }

  /** Multiplies one axis out: [outer, source, inner] becomes [outer, target, inner]. */
  private void multiply(int axis) {
    AxisMap map = axes.get(axis);
    int outer = product(sizes(axes.subList(0, axis)));
    int inner = product(sizes(axes.subList(axis + 1, axes.size())));
    int from = product(map.sourceSize(), inner);
    int to = product(map.targetSize(), inner);
    float[] result = new float[product(outer, to)];
    int s = values.offset();
    int t = 0;
    for (Segment segment : map.segments()) {
      int width = segment.block() * inner;
      multiply(segment.map(), outer, width, s, from, result, t, to);
      s += segment.map().sourceSize() * width;
      t += segment.map().targetSize() * width;
    }
    values = new Floats(result, 0, result.length);
    axes.set(axis, AxisMap.identity(map.targetSize()));
  }

  private static int[] sizes(List<AxisMap> axes) {
    return axes.stream().mapToInt(AxisMap::sourceSize).toArray();
  }

  /** Values in between can be more than those before and after, and than an array holds. */
  private static int product(int... sizes) {
    try {
      return Arrays.stream(sizes).reduce(1, Math::multiplyExact);
    } catch (ArithmeticException e) {
      throw new DeviceException(
          "The java back end needs room for a tensor of %s values, expected %d at most."
              .formatted(
                  Arrays.stream(sizes).mapToObj(String::valueOf).collect(Collectors.joining(" x ")),
                  Integer.MAX_VALUE),
          e);
    }
  }

  /** One segment: for each outer index, [n,width] at s becomes [m,width] at t. */
  private void multiply(
      NeuronMap map, int outer, int width, int s, int from, float[] result, int t, int to) {
    if (!(map instanceof NeuronMap.Soft soft)) {
      int[] gather = new AxisMap(List.of(new Segment(map, 1))).gather();
      for (int o = 0; o < outer; o++) {
        for (int j = 0; j < gather.length; j++) {
          int p = s + o * from + gather[j] * width;
          System.arraycopy(values.array(), p, result, t + o * to + j * width, width);
        }
      }
      return;
    }
    int n = map.sourceSize();
    int m = map.targetSize();
    Floats matrix = Floats.of(soft.matrix());
    if (width >= NARROW) {
      Product.Left left = Product.Left.plain(matrix.array(), matrix.offset(), 1, m, n);
      for (int o = 0; o < outer; o++) {
        Product.Rows b = new Product.Rows(values.array(), s + o * from, width);
        Product.Rows c = new Product.Rows(result, t + o * to, width);
        Product.add(workers, left, b, c, m, n, width);
      }
      return;
    }
    multiplyNarrow(matrix, n, m, outer, width, s, from, result, t, to);
  }

  /** Short blocks: all of them as rows of one product [outer*width,n] [n,m]. */
  private void multiplyNarrow(
      Floats matrix,
      int n,
      int m,
      int outer,
      int width,
      int s,
      int from,
      float[] result,
      int t,
      int to) {
    float[] rows = new float[product(outer, width, n)];
    workers.forEach(
        outer,
        o -> {
          for (int i = 0; i < n; i++) {
            for (int q = 0; q < width; q++) {
              rows[(o * width + q) * n + i] = values.array()[s + o * from + i * width + q];
            }
          }
        });
    float[] moved = new float[product(outer, width, m)];
    Product.add(
        workers,
        Product.Left.plain(rows, 0, n, 1, n),
        new Product.Rows(matrix.array(), matrix.offset(), m),
        new Product.Rows(moved, 0, m),
        outer * width,
        n,
        m);
    workers.forEach(
        outer,
        o -> {
          for (int j = 0; j < m; j++) {
            for (int q = 0; q < width; q++) {
              result[t + o * to + j * width + q] = moved[(o * width + q) * m + j];
            }
          }
        });
  }
}
