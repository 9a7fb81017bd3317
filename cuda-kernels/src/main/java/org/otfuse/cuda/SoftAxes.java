package org.otfuse.cuda;

import java.util.List;
import org.otfuse.cuda.Driver.Product;

/**
 * Soft maps of a tensor's axes as matrix products, one axis after the other. A part of an axis
 * without a soft map passes unchanged, for a gather to move later. Products read and write the
 * tensor where it lies: as [outer,axis,inner] with each neuron's block a part of inner.
 */
final class SoftAxes {
  /** What cuBLAS takes in one call. */
  private static final int MOST_PRODUCTS = 65_535;

  /**
   * A part of an axis.
   *
   * @param matrix address of a soft map [n,m], 0 for a part that passes
   * @param n neurons before
   * @param m neurons after; n for a part that passes
   * @param block consecutive indices of each neuron
   */
  record Segment(long matrix, int n, int m, int block) {
    boolean soft() {
      return matrix != 0;
    }
  }

  /** One axis. */
  record Axis(List<Segment> segments) {
    int source() {
      return segments.stream()
          .mapToInt(s -> Math.multiplyExact(s.n, s.block))
          .reduce(0, Math::addExact);
    }

    int target() {
      return segments.stream()
          .mapToInt(s -> Math.multiplyExact(s.m, s.block))
          .reduce(0, Math::addExact);
    }

    boolean soft() {
      return segments.stream().anyMatch(Segment::soft);
    }
  }

  private final Scratch scratch;
  private final List<Work> work;
  private final List<Axis> axes;

  private SoftAxes(Scratch scratch, List<Work> work, List<Axis> axes) {
    this.scratch = scratch;
    this.work = work;
    this.axes = axes;
  }

  /**
   * Carries a tensor into scratch memory.
   *
   * @param work what has to be done is added here
   * @return where the tensor is afterwards
   */
  static long carry(Scratch scratch, List<Work> work, long values, List<Axis> axes) {
    SoftAxes soft = new SoftAxes(scratch, work, axes);
    long at = values;
    for (int a = 0; a < axes.size(); a++) {
      if (axes.get(a).soft()) {
        at = soft.intoScratch(at, a);
      }
    }
    return at;
  }

  /**
   * Carries a tensor with at least one soft axis and no other parts that would have to be moved
   * later; the last product adds to the target.
   *
   * @param alpha factor of the tensor
   * @param beta factor of what the target holds
   */
  static void add(
      Scratch scratch,
      List<Work> work,
      long values,
      List<Axis> axes,
      float alpha,
      float beta,
      long target) {
    SoftAxes soft = new SoftAxes(scratch, work, axes);
    int last = axes.size() - 1;
    while (!axes.get(last).soft()) {
      last--;
    }
    long at = values;
    for (int a = 0; a < last; a++) {
      if (axes.get(a).soft()) {
        at = soft.intoScratch(at, a);
      }
    }
    soft.axis(at, last, alpha, beta, target);
  }

  private long intoScratch(long values, int a) {
    long rows = Math.multiplyExact(before(a), (long) axes.get(a).target());
    long target = scratch.temporaryFloats(Math.multiplyExact(rows, after(a)));
    axis(values, a, 1, 0, target);
    return target;
  }

  /** Product of the sizes of the axes before, which are carried already. */
  private long before(int a) {
    return axes.subList(0, a).stream().mapToLong(Axis::target).reduce(1, Math::multiplyExact);
  }

  private long after(int a) {
    return axes.subList(a + 1, axes.size()).stream()
        .mapToLong(Axis::source)
        .reduce(1, Math::multiplyExact);
  }

  private void axis(long values, int a, float alpha, float beta, long target) {
    Axis axis = axes.get(a);
    long outer = before(a);
    long inner = after(a);
    long from = 0;
    long to = 0;
    for (Segment s : axis.segments) {
      long source = values + from * inner * Float.BYTES;
      long place = target + to * inner * Float.BYTES;
      if (s.soft()) {
        products(s, source, axis.source(), place, axis.target(), outer, inner, alpha, beta);
      } else {
        copy(s, source, axis.source(), place, axis.target(), outer, inner);
      }
      from += (long) s.n * s.block;
      to += (long) s.m * s.block;
    }
  }

  private void products(
      Segment s,
      long source,
      int sourceSize,
      long target,
      int targetSize,
      long outer,
      long inner,
      float alpha,
      float beta) {
    Engine engine = scratch.engine();
    int run = Math.toIntExact(s.block * inner);
    if (run == 1) {
      int rows = Math.toIntExact(outer);
      Product product =
          new Product(
              false,
              false,
              rows,
              s.m,
              s.n,
              alpha,
              source,
              sourceSize,
              0,
              s.matrix,
              s.m,
              0,
              beta,
              target,
              targetSize,
              0,
              1);
      work.add(() -> engine.multiply(product));
      return;
    }
    long sourceStride = sourceSize * inner;
    long targetStride = targetSize * inner;
    for (long done = 0; done < outer; done += MOST_PRODUCTS) {
      int count = (int) Math.min(MOST_PRODUCTS, outer - done);
      Product product =
          new Product(
              true,
              false,
              s.m,
              run,
              s.n,
              alpha,
              s.matrix,
              s.m,
              0,
              source + done * sourceStride * Float.BYTES,
              run,
              sourceStride,
              beta,
              target + done * targetStride * Float.BYTES,
              run,
              targetStride,
              count);
      work.add(() -> engine.multiply(product));
    }
  }

  private void copy(
      Segment s, long source, int sourceSize, long target, int targetSize, long outer, long inner) {
    Engine engine = scratch.engine();
    long width = (long) s.n * s.block * inner * Float.BYTES;
    long sourcePitch = sourceSize * inner * Float.BYTES;
    long targetPitch = targetSize * inner * Float.BYTES;
    work.add(
        () ->
            engine.check(
                engine
                    .driver()
                    .copyRows(
                        target, targetPitch, source, sourcePitch, width, outer, engine.stream()),
                "cudaMemcpy2DAsync"));
  }
}
