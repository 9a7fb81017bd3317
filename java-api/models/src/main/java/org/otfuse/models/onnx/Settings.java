package org.otfuse.models.onnx;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.otfuse.UnsupportedModelException;

/**
 * Which constants set up an operator, such as the bounds of Clip or the scales of Resize. They are
 * no weights: their average over models would be off by a rounding, and an exponent of 2.0000001 is
 * another function.
 */
public final class Settings {
  /** Operators that hold values against a bound. */
  private static final Set<String> BOUNDS =
      Set.of("Max", "Min", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal");

  private final Set<String> settings = new HashSet<>();
  private final Set<String> bounds = new HashSet<>();

  public Settings(List<NodeProto> nodes) {
    for (NodeProto node : nodes) {
      for (int i = 0; i < node.getInputCount(); i++) {
        String name = node.getInput(i);
        if (i >= firstSetting(node.getOpType())) {
          settings.add(name);
        }
        if (BOUNDS.contains(node.getOpType())) {
          bounds.add(name);
        }
      }
    }
  }

  private static int firstSetting(String operator) {
    return switch (operator) {
      case "Clip", "Pow", "Pad", "Resize", "Upsample", "Dropout", "OneHot", "TopK" -> 1;
      case "NonMaxSuppression" -> 2;
      case "Range" -> 0;
      default -> Integer.MAX_VALUE;
    };
  }

  /**
   * Whether a constant is a setting, whatever else reads it: exporters share equal constants.
   *
   * @param count how many values it has
   */
  public boolean contains(String name, long count) {
    return settings.contains(name) || count <= 1 && bounds.contains(name);
  }

  /** Refuses weights of another type than float, because they could not be averaged. */
  void checkNoWeight(String name, TensorProto tensor, Path path) {
    DataType type = DataType.forNumber(tensor.getDataType());
    boolean integer =
        type == null
            || switch (type) {
              case INT32, INT64, UINT32, UINT64, INT16, UINT16, BOOL, STRING -> true;
              default -> false;
            };
    long count = TensorData.count(tensor, path);
    if (!integer && count > 1 && !contains(name, count)) {
      throw new UnsupportedModelException(
          "tensor %s of %s is of type %s, expected FLOAT as only such weights can be fused"
              .formatted(name, path, type));
    }
  }
}
