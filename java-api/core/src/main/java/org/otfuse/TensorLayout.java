package org.otfuse;

import java.util.List;
import java.util.Objects;

/**
 * How neurons index a tensor.
 *
 * <p>A tensor is cut along its first axis into slabs, nearly always one; a grouped convolution has
 * one for each block of channels, because each block reads other neurons.
 *
 * @param name the tensor's name, unique in its architecture
 * @param shape the sizes of the axes; empty for a scalar
 * @param slabs in order of their rows, covering the tensor
 */
public record TensorLayout(String name, List<Integer> shape, List<Slab> slabs) {
  /** Checks that the slabs cover the shape, which has no more than 2^31 - 1 values. */
  public TensorLayout {
    Objects.requireNonNull(name, "name");
    shape = List.copyOf(Objects.requireNonNull(shape, "shape"));
    slabs = List.copyOf(Objects.requireNonNull(slabs, "slabs"));
    length("tensor " + name, shape);
    long rows = 0;
    for (Slab slab : slabs) {
      if (slab.axes.size() != shape.size()) {
        throw new IllegalArgumentException(
            "tensor %s has a slab of %d axes, expected %d as in the shape %s"
                .formatted(name, slab.axes.size(), shape.size(), shape));
      }
      for (int a = 0; a < shape.size(); a++) {
        int size = slab.axes.get(a).size();
        if (a == 0) {
          rows += size;
        } else if (size != shape.get(a)) {
          throw new IllegalArgumentException(
              "tensor %s has a slab that covers %d indices of axis %d, expected %d as in the shape %s"
                  .formatted(name, size, a, shape.get(a), shape));
        }
      }
    }
    if (slabs.isEmpty() || !shape.isEmpty() && rows != shape.get(0)) {
      throw new IllegalArgumentException(
          "tensor %s has slabs that cover %d rows, expected the shape %s"
              .formatted(name, rows, shape));
    }
  }

  /**
   * A tensor that no group moves.
   *
   * @param name its name
   * @param shape its sizes
   * @return the layout of plain axes
   */
  public static TensorLayout plain(String name, List<Integer> shape) {
    List<Axis> axes = shape.stream().map(Axis::plain).toList();
    return new TensorLayout(name, shape, List.of(new Slab(axes)));
  }

  /**
   * The number of values.
   *
   * @return the product of the shape
   */
  public int length() {
    return length("tensor " + name, shape);
  }

  private static int length(String what, List<Integer> shape) {
    long length = 1;
    for (int size : shape) {
      length = size < 0 ? -1 : length * size;
      if (length < 0 || length > Integer.MAX_VALUE) {
        throw new IllegalArgumentException(
            "%s has the shape %s, expected sizes of 0 or above and at most %d values"
                .formatted(what, shape, Integer.MAX_VALUE));
      }
    }
    return (int) length;
  }

  /**
   * Consecutive rows of the first axis.
   *
   * @param axes one an axis; the first covers only this slab's rows
   */
  public record Slab(List<Axis> axes) {
    /** Checks that its values can be counted. */
    public Slab {
      axes = List.copyOf(Objects.requireNonNull(axes, "axes"));
      length(axes);
    }

    /**
     * The number of values.
     *
     * @return the product of the axes' sizes
     */
    public int length() {
      return length(axes);
    }

    private static int length(List<Axis> axes) {
      return TensorLayout.length("a slab", axes.stream().map(Axis::size).toList());
    }
  }

  /** Whether an axis is indexed by what a layer computes or by what it reads. */
  public enum Role {
    /** Indexed by the neurons that the tensor computes or scales: moved by P. */
    OUTPUT,
    /** Indexed by the neurons that the tensor reads: moved by Q. */
    INPUT
  }

  /**
   * One axis.
   *
   * @param role which map of a group moves it
   * @param segments in index order, at least one
   */
  public record Axis(Role role, List<Segment> segments) {
    /** Checks that its length can be counted. */
    public Axis {
      Objects.requireNonNull(role, "role");
      segments = List.copyOf(Objects.requireNonNull(segments, "segments"));
      if (segments.isEmpty()) {
        throw new IllegalArgumentException("an axis has no segments, expected at least one");
      }
      long size = segments.stream().mapToLong(Segment::size).sum();
      if (size > Integer.MAX_VALUE) {
        throw new IllegalArgumentException(
            "an axis has " + size + " indices, expected " + Integer.MAX_VALUE + " at most");
      }
    }

    /**
     * An axis that no group moves.
     *
     * @param size its length
     * @return one plain segment
     */
    public static Axis plain(int size) {
      return new Axis(Role.OUTPUT, List.of(Segment.plain(size)));
    }

    /**
     * The length of the axis.
     *
     * @return the sum over the segments
     */
    public int size() {
      return segments.stream().mapToInt(Segment::size).sum();
    }
  }

  /**
   * Part of an axis: the neurons of one group, each with a block of consecutive indices, or plain
   * indices that stay.
   *
   * @param group index of the group, or {@link #PLAIN}
   * @param block consecutive indices of each neuron; 1 for plain indices
   * @param size indices in all: the group's size times the block
   */
  public record Segment(int group, int block, int size) {
    /** The group of indices that no neuron owns. */
    public static final int PLAIN = -1;

    /** Checks the ranges. */
    public Segment {
      if (group < PLAIN || block < 1 || size < 0) {
        throw new IllegalArgumentException(
            "a segment has group %d, block %d and size %d, expected at least %d, 1 and 0"
                .formatted(group, block, size, PLAIN));
      }
    }

    /**
     * Indices that stay.
     *
     * @param size how many
     * @return the segment
     */
    public static Segment plain(int size) {
      return new Segment(PLAIN, 1, size);
    }
  }
}
