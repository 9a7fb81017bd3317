package org.otfuse.nd4j;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.otfuse.spi.AxisMap;
import org.otfuse.spi.NeuronMap;

/**
 * Applies the soft maps of a tensor, one matrix product an axis: a tensor [outer, n*r, inner] is
 * read as [outer, n, r*inner] and its middle axis carried over by M' [m,n]. What is left to do
 * afterwards is a gather.
 *
 * @param values the tensor after the soft maps
 * @param axes the maps that remain, none of them soft
 */
record SoftAxes(FloatPointer values, List<AxisMap> axes) {
  private static final int COLUMNS = 512;

  /** Applies every soft map but those of the axis that is to be left alone (-1: of all axes). */
  static SoftAxes apply(
      FloatPointer values, List<AxisMap> axes, int except, Lease lease, Workers workers) {
    FloatPointer current = values;
    List<AxisMap> rest = new ArrayList<>(axes);
    for (int k = 0; k < axes.size(); k++) {
      AxisMap axis = axes.get(k);
      if (k != except && axis.soft()) {
        long outer = 1;
        long inner = 1;
        for (int other = 0; other < axes.size(); other++) {
          int size = rest.get(other).sourceSize();
          outer *= other < k ? size : 1;
          inner *= other > k ? size : 1;
        }
        FloatPointer target = lease.scratch(outer * axis.targetSize() * inner);
        new Product(current, target, axis, Math.toIntExact(outer), Math.toIntExact(inner))
            .run(lease, workers);
        current = target;
        rest.set(k, AxisMap.identity(axis.targetSize()));
      }
    }
    return new SoftAxes(current, rest);
  }

  private record Product(
      FloatPointer source, FloatPointer target, AxisMap axis, int outer, int inner) {

    void run(Lease lease, Workers workers) {
      int from = 0;
      int to = 0;
      for (AxisMap.Segment segment : axis.segments()) {
        NeuronMap map = segment.map();
        if (map instanceof NeuronMap.Soft soft) {
          FloatPointer matrix = lease.read(soft.matrix());
          if (inner == 1 && segment.block() == 1) {
            lastAxis(matrix, map, from, to, workers);
          } else {
            innerAxis(matrix, segment, from, to, workers);
          }
        } else {
          copy(segment, from, to, workers);
        }
        from += map.sourceSize() * segment.block();
        to += map.targetSize() * segment.block();
      }
    }

    /** [outer,m] = [outer,n] M, in panels of rows. */
    private void lastAxis(FloatPointer matrix, NeuronMap map, int from, int to, Workers workers) {
      int n = map.sourceSize();
      int m = map.targetSize();
      int lda = axis.sourceSize();
      int ldc = axis.targetSize();
      workers.ranges(
          outer,
          128,
          (first, last) ->
              Blas.gemm(
                  last - first,
                  m,
                  n,
                  source.getPointer((long) first * lda + from),
                  lda,
                  matrix,
                  m,
                  target.getPointer((long) first * ldc + to),
                  ldc));
    }

    /** [m,r*inner] = M' [n,r*inner] for each outer index, in panels of columns. */
    private void innerAxis(
        FloatPointer matrix, AxisMap.Segment segment, int from, int to, Workers workers) {
      int n = segment.map().sourceSize();
      int m = segment.map().targetSize();
      int width = segment.block() * inner;
      workers.ranges(
          outer,
          Math.max(1, COLUMNS / width),
          (first, last) ->
              workers.ranges(
                  width,
                  COLUMNS,
                  (left, right) -> {
                    for (int o = first; o < last; o++) {
                      Blas.gemmTransposedA(
                          m,
                          right - left,
                          n,
                          matrix,
                          m,
                          source.getPointer(((long) o * axis.sourceSize() + from) * inner + left),
                          width,
                          target.getPointer(((long) o * axis.targetSize() + to) * inner + left),
                          width);
                    }
                  }));
    }

    /** A segment that is not soft is only moved. */
    private void copy(AxisMap.Segment segment, int from, int to, Workers workers) {
      Gather gather = Gather.of(List.of(new AxisMap(List.of(segment)), AxisMap.identity(inner)));
      workers.ranges(
          outer,
          Math.max(1, (1 << 14) / Math.max(1, gather.targetSize())),
          (first, last) -> {
            float[] row = new float[gather.sourceSize()];
            float[] moved = new float[gather.targetSize()];
            for (int o = first; o < last; o++) {
              long sourceAt = ((long) o * axis.sourceSize() + from) * inner;
              long targetAt = ((long) o * axis.targetSize() + to) * inner;
              Lease.view(source, sourceAt, row.length).get(row);
              gather.move(row, 0, moved, 0);
              Lease.view(target, targetAt, moved.length).put(moved);
            }
          });
    }
  }
}
