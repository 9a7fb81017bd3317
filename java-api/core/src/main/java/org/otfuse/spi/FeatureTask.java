package org.otfuse.spi;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Writes the rows of one tensor into columns of a feature matrix: row i of the target holds, from
 * {@code firstColumn} on, all entries of the tensor whose output index is {@code firstRow + i}, in
 * row-major order of the other axes, after the maps of those axes and times {@code scale[i]}.
 *
 * @param source the tensor, row-major, of the shape that the maps' source sizes give
 * @param axes one map an axis; the one at {@code outputAxis} gives only that axis' size
 * @param outputAxis the axis whose indices are the neurons
 * @param firstRow the first output index that is taken
 * @param scale one factor a row [n], for a folded normalisation
 * @param target the feature matrix [n,d]
 * @param firstColumn where the entries begin in each row of the target
 */
public record FeatureTask(
    Span source,
    List<AxisMap> axes,
    int outputAxis,
    int firstRow,
    Optional<Span> scale,
    Matrix target,
    int firstColumn)
    implements Task {
  /** Checks that the sizes fit. */
  public FeatureTask {
    Objects.requireNonNull(source, "source");
    axes = Sizes.copy(axes, "axes");
    Objects.requireNonNull(scale, "scale");
    Objects.requireNonNull(target, "target");
    Sizes.requireRange(outputAxis, 1, axes.size(), "the output axis", "the axes");
    AxisMap.requireSource(axes, source);
    int outputs = axes.get(outputAxis).sourceSize();
    Sizes.requireRange(firstRow, target.rows(), outputs, "a run of rows", "the output axis");
    int columns = columns(axes, outputAxis);
    Sizes.requireRange(firstColumn, columns, target.columns(), "a run of columns", "the target");
    if (scale.isPresent() && scale.get().length() != target.rows()) {
      throw new IllegalArgumentException(
          "the scale has %d values, expected one for each of %d rows"
              .formatted(scale.get().length(), target.rows()));
    }
  }

  @Override
  public List<Span> reads() {
    List<Span> reads = new ArrayList<>();
    reads.add(source);
    scale.ifPresent(reads::add);
    AxisMap.addReads(axes, reads);
    return reads;
  }

  @Override
  public List<Span> writes() {
    return List.of(target.span());
  }

  /**
   * The columns that the task fills.
   *
   * @return the product of the other axes' target sizes
   */
  public int columns() {
    return columns(axes, outputAxis);
  }

  private static int columns(List<AxisMap> axes, int outputAxis) {
    List<AxisMap> others = new ArrayList<>(axes);
    others.remove(outputAxis);
    long columns = Sizes.product(others, AxisMap::targetSize);
    if (columns > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "a row has " + columns + " features, expected " + Integer.MAX_VALUE + " at most");
    }
    return (int) columns;
  }
}
