package org.otfuse.models;

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
final class Settings {
  private final Set<String> settings = new HashSet<>();
  private final Set<String> operands = new HashSet<>();

  Settings(List<NodeProto> nodes) {
    for (NodeProto node : nodes) {
      for (int i = 0; i < node.getInputCount(); i++) {
        (i >= firstSetting(node.getOpType()) ? settings : operands).add(node.getInput(i));
      }
    }
  }

  private static int firstSetting(String operator) {
    return switch (operator) {
      case "Clip", "Pow", "Pad", "Resize", "Upsample", "Dropout", "OneHot", "TopK" -> 1;
      case "Range" -> 0;
      default -> Integer.MAX_VALUE;
    };
  }

  boolean contains(String name) {
    return settings.contains(name) && !operands.contains(name);
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
    if (!integer && TensorData.count(tensor, path) > 1 && !contains(name)) {
      throw new UnsupportedModelException(
          "tensor %s of %s is of type %s, expected FLOAT as only such weights can be fused"
              .formatted(name, path, type));
    }
  }
}
