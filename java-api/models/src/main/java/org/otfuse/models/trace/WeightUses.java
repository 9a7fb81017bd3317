package org.otfuse.models.trace;

import java.util.List;

/**
 * Who uses the weights of a file, as far as its statistics are concerned.
 *
 * @param counts how many places in the graph use each tensor of the architecture
 * @param sharesVectors whether a bias or a tensor of a BatchNormalization has several users
 * @param normalizations the BatchNormalization nodes whose running statistics are weights of the
 *     file, in the graph's order
 */
public record WeightUses(
    List<Integer> counts, boolean sharesVectors, List<Normalization> normalizations) {
  /**
   * A BatchNormalization.
   *
   * @param node the node, by index
   * @param mean index of the tensor of running means
   * @param variance index of the tensor of running variances
   */
  public record Normalization(int node, int mean, int variance) {}
}
