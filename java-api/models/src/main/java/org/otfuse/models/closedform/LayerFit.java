package org.otfuse.models.closedform;

import java.util.Optional;

/**
 * How far a layer is from its goal, what the models' neurons are on the calibration samples.
 *
 * @param name the layer's name
 * @param before squared distance from the goal with the merged weights, relative to the goal
 * @param after the same with the weights that it was given
 * @param feedback whether the goal was that of a sum that the layer's output goes into
 * @param obstacle why the layer was left as merged, or empty if it was refit
 */
public record LayerFit(
    String name, double before, double after, boolean feedback, Optional<String> obstacle) {
  static LayerFit left(String name, String obstacle) {
    return new LayerFit(name, 0, 0, false, Optional.of(obstacle));
  }
}
