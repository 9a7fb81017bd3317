package org.otfuse.models.closedform;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * A layer that is linear in a weight, with the bias and the BatchNormalization that follow it.
 *
 * @param node the layer's node, by index
 * @param name for messages
 * @param kind which product it is
 * @param weight index of the weight tensor
 * @param bias index of the bias tensor
 * @param normalization the BatchNormalization that can be folded into the layer
 * @param input the value that it reads
 * @param tap the value after bias and normalization
 * @param neurons the number of neurons that it computes
 * @param alpha what the weight is multiplied by
 * @param beta what the bias is multiplied by
 * @param window how a convolution slides
 * @param obstacle why least squares cannot set the weight
 */
record Layer(
    int node,
    String name,
    Kind kind,
    int weight,
    OptionalInt bias,
    Optional<Normalization> normalization,
    String input,
    String tap,
    int neurons,
    double alpha,
    double beta,
    Optional<Window> window,
    Optional<String> obstacle) {
  /** Which product a layer is, and which axes of its values neurons index. */
  enum Kind {
    /** Channels on axis 1, weight [out,in,kernel]. */
    CONVOLUTION,
    /** Matrices, weight [in,out]. */
    GEMM,
    /** Matrices, weight [out,in]. */
    GEMM_TRANSPOSED,
    /** Input [in,samples], weight [in,out]. */
    GEMM_OF_COLUMNS,
    /** Input [in,samples], weight [out,in]. */
    GEMM_TRANSPOSED_OF_COLUMNS,
    /** Neurons on the last axis, weight [in,out]. */
    WEIGHT_RIGHT,
    /** Neurons on the last axis but one, weight [out,in]. */
    WEIGHT_LEFT;

    /** Whether the first axis of the weight is that of the neurons it computes. */
    boolean outputsFirst() {
      return this != GEMM && this != GEMM_OF_COLUMNS && this != WEIGHT_RIGHT;
    }

    int inputAxis(int rank) {
      return switch (this) {
        case CONVOLUTION, GEMM, GEMM_TRANSPOSED -> 1;
        case GEMM_OF_COLUMNS, GEMM_TRANSPOSED_OF_COLUMNS -> 0;
        case WEIGHT_RIGHT -> rank - 1;
        case WEIGHT_LEFT -> rank - 2;
      };
    }

    int outputAxis(int rank) {
      return switch (this) {
        case WEIGHT_RIGHT -> rank - 1;
        case WEIGHT_LEFT -> rank - 2;
        default -> 1;
      };
    }
  }

  /**
   * BatchNormalization at inference.
   *
   * @param gamma index of the scale tensor
   * @param beta index of the shift tensor
   * @param mean index of the running mean
   * @param variance index of the running variance
   * @param epsilon added to the variance
   */
  record Normalization(int gamma, int beta, int mean, int variance, double epsilon) {}

  /** The tensor that shifts what the layer computes, after folding. */
  OptionalInt shift() {
    return normalization.isPresent() ? OptionalInt.of(normalization.get().beta()) : bias;
  }

  /** What that tensor is multiplied by. */
  double shiftFactor() {
    return normalization.isPresent() ? 1 : beta;
  }

  /** In how many blocks channels are kept apart. */
  int blocks() {
    return window.map(Window::groups).orElse(1);
  }
}
