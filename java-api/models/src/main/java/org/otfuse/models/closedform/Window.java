package org.otfuse.models.closedform;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.Arrays;
import java.util.List;

/**
 * How a convolution slides over up to three spatial axes; arrays have one entry an axis.
 *
 * @param groups blocks of channels that are kept apart
 * @param kernel sizes of the kernel
 * @param strides steps between outputs
 * @param dilations steps between the kernel's places
 * @param pads zeros before the first value
 * @param autoPad NOTSET, VALID, SAME_UPPER or SAME_LOWER
 */
record Window(
    int groups, int[] kernel, int[] strides, int[] dilations, int[] pads, String autoPad) {
  /** The window of a node whose kernel has the given sizes. */
  static Window of(NodeProto node, List<Integer> kernel) {
    int rank = kernel.size();
    int groups = 1;
    int[] strides = ones(rank);
    int[] dilations = ones(rank);
    int[] pads = new int[rank];
    String autoPad = "NOTSET";
    for (AttributeProto attribute : node.getAttributeList()) {
      switch (attribute.getName()) {
        case "group" -> groups = (int) attribute.getI();
        case "strides" -> strides = ints(attribute, rank);
        case "dilations" -> dilations = ints(attribute, rank);
        case "pads" -> pads = ints(attribute, rank);
        case "auto_pad" -> autoPad = attribute.getS().toStringUtf8();
        default -> {}
      }
    }
    return new Window(
        groups,
        kernel.stream().mapToInt(Integer::intValue).toArray(),
        strides,
        dilations,
        pads,
        autoPad);
  }

  private static int[] ones(int rank) {
    int[] ones = new int[rank];
    Arrays.fill(ones, 1);
    return ones;
  }

  private static int[] ints(AttributeProto attribute, int rank) {
    int[] values = new int[rank];
    for (int a = 0; a < rank; a++) {
      values[a] = (int) attribute.getInts(a);
    }
    return values;
  }

  /** Places of the kernel. */
  int taps() {
    return Arrays.stream(kernel).reduce(1, (a, b) -> a * b);
  }

  /** Zeros before the first of {@code in} values on an axis that has {@code out} outputs. */
  int before(int axis, int in, int out) {
    if (!autoPad.startsWith("SAME")) {
      return autoPad.equals("VALID") ? 0 : pads[axis];
    }
    int covered = (out - 1) * strides[axis] + dilations[axis] * (kernel[axis] - 1) + 1;
    int total = Math.max(0, covered - in);
    return autoPad.equals("SAME_UPPER") ? total / 2 : total - total / 2;
  }
}
