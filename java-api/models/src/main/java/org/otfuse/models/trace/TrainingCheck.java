package org.otfuse.models.trace;

import ai.onnx.proto.OnnxMl.TensorProto;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.otfuse.UnsupportedModelException;
import org.otfuse.models.file.Excerpt;
import org.otfuse.models.onnx.ConstantValues;

/**
 * Refuses nodes that compute as in training: what comes out of them depends on the other samples of
 * the batch or on chance, so that no fused network could be compared with its models.
 */
final class TrainingCheck {
  /** From this version on BatchNormalization says so; before, its further outputs mean it. */
  private static final long NORMALIZATION_SAYS = 14;

  private static final int DROPOUT_MODE = 2;

  private TrainingCheck() {}

  /**
   * Checks a node of the standard operators.
   *
   * @param trace knows the constants that the node reads
   * @throws UnsupportedModelException if it trains
   */
  static void check(OperatorNode node, Trace trace, String file) {
    if (node.operator().equals("BatchNormalization")) {
      if (node.integer("training_mode", 0) != 0) {
        throw refuse(node, file, "training_mode 1, expected 0");
      }
      boolean more = node.proto().getOutputList().stream().skip(1).anyMatch(o -> !o.isEmpty());
      if (node.opset() < NORMALIZATION_SAYS && more) {
        throw refuse(node, file, "the outputs of training, expected the first one alone");
      }
    }
    if (node.operator().equals("Dropout") && node.hasInput(DROPOUT_MODE)) {
      Optional<TensorProto> mode = trace.constant(node.proto().getInput(DROPOUT_MODE));
      if (mode.filter(m -> !isFalse(m, Path.of(file))).isPresent()) {
        throw refuse(node, file, "training_mode true, expected false");
      }
    }
  }

  private static boolean isFalse(TensorProto mode, Path file) {
    return ConstantValues.of(mode, file).equals(List.of("0"));
  }

  private static UnsupportedModelException refuse(OperatorNode node, String file, String found) {
    return new UnsupportedModelException(
        "%s of %s has %s as only inference can be fused"
            .formatted(Excerpt.of(node.label()), file, found));
  }
}
