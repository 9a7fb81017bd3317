package org.otfuse.models;

import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.ArrayList;
import java.util.List;
import org.otfuse.Operation;

/**
 * An input or an output of a model file.
 *
 * @param name its name in the file
 * @param shape the sizes of its axes, {@link #UNKNOWN} where the file leaves one open (a batch);
 *     empty for a scalar or if the file gives no shape
 */
public record TensorInfo(String name, List<Integer> shape) {
  /** The size of an axis that the file leaves open. */
  public static final int UNKNOWN = -1;

  /** Copies the list. */
  public TensorInfo {
    shape = List.copyOf(shape);
  }

  /**
   * The shape as messages show it, with "?" for a size that the file leaves open.
   *
   * @return such as "[?, 28, 28]"
   */
  public String words() {
    return shape.stream()
        .map(size -> size == UNKNOWN ? Operation.ANY : size.toString())
        .toList()
        .toString();
  }

  /** Whether one sample may be for both: what both files say of the axes after the first agrees. */
  boolean fits(TensorInfo other) {
    boolean known = !shape.isEmpty() && !other.shape.isEmpty();
    boolean fits = !known || shape.size() == other.shape.size();
    for (int axis = 1; known && fits && axis < shape.size(); axis++) {
      int one = shape.get(axis);
      int two = other.shape.get(axis);
      fits = one == two || one == UNKNOWN || two == UNKNOWN;
    }
    return fits;
  }

  static TensorInfo of(ValueInfoProto value) {
    List<Integer> shape = new ArrayList<>();
    for (Dimension d : value.getType().getTensorType().getShape().getDimList()) {
      shape.add(d.getDimValue() > 0 ? (int) d.getDimValue() : UNKNOWN);
    }
    return new TensorInfo(value.getName(), shape);
  }
}
