package org.otfuse.models.trace;

import java.util.List;
import java.util.Optional;

/**
 * A layer that computes neurons, as tracing finds it; the groups are cut out of it at the end.
 *
 * @param node the layer's node, by index
 * @param name the layer's name
 * @param weight the use of its weight
 * @param outputAxis the axis of the weight that its neurons index
 * @param outputs the neurons of each slab of the weight, in order
 * @param bias the use of its bias
 * @param normalization the BatchNormalization that follows
 * @param tap the value that holds the neurons
 * @param tapAxis the axis of the value that they index
 */
public record LayerTrace(
    int node,
    String name,
    ParameterUse weight,
    int outputAxis,
    List<SymbolicAxis> outputs,
    Optional<ParameterUse> bias,
    Optional<BatchNormalizationTrace> normalization,
    String tap,
    int tapAxis) {

  /**
   * The parameters of a BatchNormalization.
   *
   * @param gamma its scale
   * @param beta its shift
   * @param mean its running mean
   * @param variance its running variance
   * @param epsilon added to the variance
   */
  record BatchNormalizationTrace(
      ParameterUse gamma,
      ParameterUse beta,
      ParameterUse mean,
      ParameterUse variance,
      double epsilon) {}

  LayerTrace withBias(ParameterUse use, String newTap) {
    return new LayerTrace(
        node, name, weight, outputAxis, outputs, Optional.of(use), normalization, newTap, tapAxis);
  }

  LayerTrace withNormalization(BatchNormalizationTrace trace, String newTap) {
    return new LayerTrace(
        node, name, weight, outputAxis, outputs, bias, Optional.of(trace), newTap, tapAxis);
  }
}
