package org.otfuse.models.closedform;

/**
 * What becomes of the neurons of several models: which of them each neuron of the fused network
 * stands for, and what each of them is to a layer that reads it.
 */
interface MergePlan {
  /** The models' weights, summing to 1. */
  double weight(int model);

  /** The number of neurons of a group in the fused network. */
  int size(int group);

  /** What neurons of the fused network stand for, all models' maps summed [n_k,m]. */
  Mapping output(int model, int group);

  /**
   * What a model's neurons are to a reader, in terms of the fused network's [n_k,m].
   *
   * @param layer the reading layer, or -1 for what is no layer
   */
  Mapping input(int model, int layer, int group);

  /** What of a model's neurons the fused network's do not vary with [n_k]. */
  double[] offset(int model, int layer, int group);
}
