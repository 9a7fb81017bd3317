package org.otfuse.models.trace;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;
import org.otfuse.Operation;

/** Axes in words that leave out how many neurons there are. */
public final class AxisWords {
  private final ToIntFunction<Atom> groups;
  private final Dimensions dimensions;

  /**
   * Prepares.
   *
   * @param groups the number of each neuron group
   * @param dimensions tells sizes that the file leaves open
   */
  public AxisWords(ToIntFunction<Atom> groups, Dimensions dimensions) {
    this.groups = groups;
    this.dimensions = dimensions;
  }

  /** A plain axis is its size; one with neurons tells the group and the block of each part. */
  public String of(SymbolicAxis axis) {
    if (axis.isPlain()) {
      return size(axis.size());
    }
    List<String> parts = new ArrayList<>();
    for (SymbolicAxis.Segment s : axis.segments()) {
      parts.add(
          s.isPlain()
              ? size(s.size())
              : "neurons of group " + groups.applyAsInt(s.atom()) + block(s.block()));
    }
    return String.join(" and ", parts);
  }

  public List<String> of(List<SymbolicAxis> axes) {
    return axes.stream().map(this::of).toList();
  }

  private String block(long block) {
    return block == 1 ? "" : " times " + size(block);
  }

  /** The size, or {@link Operation#ANY} where the file leaves it open. */
  public String size(long size) {
    return dimensions.isOpen(size) ? Operation.ANY : Long.toString(size);
  }
}
