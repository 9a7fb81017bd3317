package org.otfuse.spi;

import java.util.List;
import java.util.Objects;

/**
 * How one axis of a tensor is carried over: its segments lie one after the other, and each moves
 * its neurons in blocks. A segment of n neurons and block r covers n*r source indices; source index
 * {@code i*r + q} belongs to neuron i, and target index {@code j*r + q} to anchor neuron j. A plain
 * axis is one identity segment. Blocks come from a flatten ([C,H,W] to C*H*W: block H*W), several
 * segments from a concatenation.
 *
 * @param segments in index order, at least one
 */
public record AxisMap(List<Segment> segments) {
  /** Checks that both lengths of the axis can be counted. */
  public AxisMap {
    segments = Sizes.copy(segments, "segments");
    if (segments.isEmpty()) {
      throw new IllegalArgumentException("an axis has no segments, expected at least one");
    }
    sourceSize(segments);
    targetSize(segments);
  }

  /**
   * One part of an axis.
   *
   * @param map moves the segment's neurons
   * @param block how many consecutive indices belong to one neuron, 1 or above
   */
  public record Segment(NeuronMap map, int block) {
    /** Checks the block. */
    public Segment {
      Objects.requireNonNull(map, "map");
      Sizes.requireAtLeast(1, block, "the block of a segment");
    }
  }

  /**
   * An axis that stays as it is.
   *
   * @param size its length
   * @return the identity
   */
  public static AxisMap identity(int size) {
    return new AxisMap(List.of(new Segment(new NeuronMap.Identity(size), 1)));
  }

  /**
   * The length of the axis before the map.
   *
   * @return the sum of n*r over the segments
   */
  public int sourceSize() {
    return sourceSize(segments);
  }

  private static int sourceSize(List<Segment> segments) {
    return Sizes.axis(segments, s -> s.map.sourceSize(), Segment::block);
  }

  /**
   * The length of the axis after the map.
   *
   * @return the sum of m*r over the segments
   */
  public int targetSize() {
    return targetSize(segments);
  }

  private static int targetSize(List<Segment> segments) {
    return Sizes.axis(segments, s -> s.map.targetSize(), Segment::block);
  }

  /**
   * Tells whether a soft map is involved; without one the axis is a gather.
   *
   * @return true if any segment's map is soft
   */
  public boolean soft() {
    return segments.stream().anyMatch(s -> s.map instanceof NeuronMap.Soft);
  }

  /**
   * Tells whether the axis stays as it is.
   *
   * @return true if every segment's map is the identity
   */
  public boolean isIdentity() {
    return segments.stream().allMatch(s -> s.map instanceof NeuronMap.Identity);
  }

  /**
   * Writes the axis as a gather: target index t takes source index {@code gather()[t]}.
   *
   * @return the source index of each target index
   * @throws IllegalStateException if a segment is soft
   */
  public int[] gather() {
    int[] indices = new int[targetSize()];
    int source = 0;
    int t = 0;
    for (Segment s : segments) {
      int m = s.map.targetSize();
      for (int j = 0; j < m; j++) {
        int i = neuron(s.map, j);
        for (int q = 0; q < s.block; q++) {
          indices[t++] = source + i * s.block + q;
        }
      }
      source += s.map.sourceSize() * s.block;
    }
    return indices;
  }

  /**
   * Refuses a tensor that is not as long as the axes say, and axes that make it too long on the
   * way, when some have been mapped and others not.
   */
  static void requireSource(List<AxisMap> axes, Span values) {
    Sizes.product(axes, axis -> Math.max(axis.sourceSize(), axis.targetSize()));
    long size = Sizes.product(axes, AxisMap::sourceSize);
    if (size != values.length()) {
      throw new IllegalArgumentException(
          "a tensor has %d values, expected %d for the shape %s"
              .formatted(values.length(), size, axes.stream().map(AxisMap::sourceSize).toList()));
    }
  }

  /** Adds the soft maps of some axes to what a task reads. */
  static void addReads(List<AxisMap> axes, List<Span> reads) {
    for (AxisMap axis : axes) {
      for (Segment s : axis.segments) {
        if (s.map instanceof NeuronMap.Soft soft) {
          reads.add(soft.matrix().span());
        }
      }
    }
  }

  private static int neuron(NeuronMap map, int j) {
    if (map instanceof NeuronMap.Hard hard) {
      return hard.source()[j];
    }
    if (map instanceof NeuronMap.Identity) {
      return j;
    }
    throw new IllegalStateException("a soft map is no gather");
  }
}
