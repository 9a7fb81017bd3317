package org.otfuse.models.trace;

import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** How a window slides over spatial axes: the sizes that convolution and pooling leave. */
final class Window {
  private final OperatorNode node;
  private final int rank;
  private final List<Long> strides;
  private final List<Long> dilations;
  private final List<Long> pads;
  private final List<Long> outputPadding;
  private final String autoPad;
  private final boolean ceil;

  Window(OperatorNode node, int rank) throws Untraceable {
    this.node = node;
    this.rank = rank;
    this.strides = list("strides", rank, 1);
    this.dilations = list("dilations", rank, 1);
    this.pads = list("pads", 2 * rank, 0);
    this.outputPadding = list("output_padding", rank, 0);
    this.autoPad = node.text("auto_pad", "NOTSET");
    this.ceil = node.integer("ceil_mode", 0) != 0;
  }

  private List<Long> list(String name, int length, long otherwise) throws Untraceable {
    Optional<List<Long>> list = node.integers(name);
    if (list.isPresent() && list.get().size() != length) {
      throw new Untraceable("its " + name + " are " + list.get());
    }
    return list.orElse(Collections.nCopies(length, otherwise));
  }

  long size(int axis, long in, long kernel) throws Untraceable {
    long stride = strides.get(axis);
    if (stride < 1) {
      throw new Untraceable("its strides are " + strides);
    }
    if (autoPad.startsWith("SAME")) {
      return (in + stride - 1) / stride;
    }
    boolean padded = autoPad.equals("NOTSET");
    long before = padded ? pads.get(axis) : 0;
    long after = padded ? pads.get(axis + rank) : 0;
    long free = in + before + after - (dilations.get(axis) * (kernel - 1) + 1);
    if (free < 0) {
      throw new Untraceable("its kernel is larger than its input");
    }
    long size = (ceil ? free + stride - 1 : free) / stride + 1;
    return ceil && (size - 1) * stride >= in + before ? size - 1 : size;
  }

  long transposedSize(int axis, long in, long kernel) throws Untraceable {
    Optional<List<Long>> shape = node.integers("output_shape");
    if (shape.isPresent()) {
      return shape.get().get(shape.get().size() - rank + axis);
    }
    long stride = strides.get(axis);
    if (autoPad.startsWith("SAME")) {
      return in * stride;
    }
    long padding = autoPad.equals("NOTSET") ? pads.get(axis) + pads.get(axis + rank) : 0;
    long size =
        stride * (in - 1)
            + outputPadding.get(axis)
            + dilations.get(axis) * (kernel - 1)
            + 1
            - padding;
    if (size < 1) {
      throw new Untraceable("its output would be empty");
    }
    return size;
  }
}
