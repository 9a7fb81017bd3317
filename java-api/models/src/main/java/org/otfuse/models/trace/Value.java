package org.otfuse.models.trace;

import java.util.List;
import java.util.Optional;
import org.otfuse.models.onnx.Parameter;

/** What tracing knows of a value in a graph. */
public sealed interface Value {
  /** The number of its axes, 0 where it is not known. */
  int rank();

  /**
   * An activation, or a constant that is no weight.
   *
   * @param axes what the indices of each axis stand for
   * @param producer the layer whose output this still is, if nothing but its bias or normalization
   *     lies between
   */
  record Activation(List<SymbolicAxis> axes, Optional<LayerTrace> producer) implements Value {
    Activation(List<SymbolicAxis> axes) {
      this(axes, Optional.empty());
    }

    @Override
    public int rank() {
      return axes.size();
    }

    SymbolicAxis axis(int index) {
      return axes.get(index);
    }
  }

  /**
   * A weight, possibly seen through operators that only move its axes.
   *
   * @param parameter the weight
   * @param axes for each axis of the view, the weight's axis or {@link #NONE}
   * @param sizes of the view's axes
   * @param source what the view was made from, empty for the weight itself
   * @param node the node that made the view, by index, or {@link #NONE}
   */
  record Weight(
      Parameter parameter, List<Integer> axes, List<Long> sizes, Optional<Weight> source, int node)
      implements Value {
    /** Stands for an axis that the weight does not have, and for no node. */
    public static final int NONE = -1;

    @Override
    public int rank() {
      return axes.size();
    }

    public long size(int axis) {
      return sizes.get(axis);
    }
  }

  /**
   * Integers that the file determines, mostly shapes.
   *
   * @param shape sizes of the axes
   * @param values row-major
   */
  record Integers(List<Long> shape, long[] values) implements Value {
    @Override
    public int rank() {
      return shape.size();
    }
  }

  /** A value of unknown rank, behind an operator that tracing does not know. */
  record Opaque() implements Value {
    @Override
    public int rank() {
      return 0;
    }
  }
}
