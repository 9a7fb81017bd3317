package org.otfuse.spi;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The weighted average of one tensor over models, each carried onto the anchor first: target = sum
 * over sources of {@code weight * aligned(source)} (fused weights, Singh and Jaggi 2020, algorithm
 * 1). Sources are added in the order of the list.
 *
 * @param target written, row-major, of the shape that the maps' target sizes give
 * @param sources at least one, whose maps all give that shape
 */
public record AverageTask(Span target, List<Source> sources) implements Task {
  /** Checks that every source arrives at the same shape and at the target's size. */
  public AverageTask {
    Objects.requireNonNull(target, "target");
    sources = Sizes.copy(sources, "sources");
    if (sources.isEmpty()) {
      throw new IllegalArgumentException("an average has no sources, expected at least one");
    }
    List<Integer> shape = sources.get(0).targetShape();
    for (Source source : sources) {
      if (!source.targetShape().equals(shape)) {
        throw new IllegalArgumentException(
            "the maps of one source give the shape %s and those of another %s, expected the same"
                .formatted(shape, source.targetShape()));
      }
    }
    long size = Sizes.product(shape, n -> n);
    if (size != target.length()) {
      throw new IllegalArgumentException(
          "the target has %d values, expected %d for the shape %s"
              .formatted(target.length(), size, shape));
    }
  }

  @Override
  public List<Span> reads() {
    List<Span> reads = new ArrayList<>();
    for (Source source : sources) {
      reads.add(source.values);
      AxisMap.addReads(source.axes, reads);
    }
    return reads;
  }

  @Override
  public List<Span> writes() {
    return List.of(target);
  }

  /**
   * One model's tensor.
   *
   * @param values row-major, of the shape that the maps' source sizes give
   * @param weight the model's weight, a finite number
   * @param axes one map an axis
   */
  public record Source(Span values, float weight, List<AxisMap> axes) {
    /** Checks the size and the weight. */
    public Source {
      Objects.requireNonNull(values, "values");
      axes = Sizes.copy(axes, "axes");
      AxisMap.requireSource(axes, values);
      if (!Float.isFinite(weight)) {
        throw new IllegalArgumentException(
            "the weight of a source is " + weight + ", expected a finite number");
      }
    }

    private List<Integer> targetShape() {
      return axes.stream().map(AxisMap::targetSize).toList();
    }
  }
}
