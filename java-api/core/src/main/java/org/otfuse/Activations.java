package org.otfuse;

import java.nio.FloatBuffer;

/**
 * Activation features of one model: what its producers compute on calibration samples. All models
 * of a fusion must have been given the same samples and positions, in the same order.
 */
public interface Activations {
  /**
   * The outputs of one producer.
   *
   * @param group index of the neuron group
   * @param producer index among the group's producers
   * @return the neurons' outputs before the nonlinearity over samples and positions, row-major
   *     [n,d], n the group's size; d is the same for all models. Empty if samples do not show what
   *     the producer computes; a group of which no producer shows anything is compared by weights
   */
  FloatBuffer of(int group, int producer);
}
