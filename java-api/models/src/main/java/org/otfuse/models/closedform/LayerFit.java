package org.otfuse.models.closedform;

import java.util.Optional;

/**
 * How far a layer is from its goal, what the models' neurons are on the calibration samples.
 *
 * @param name the layer's name
 * @param before squared distance from the goal with the merged weights, relative to the goal
 * @param after the same with the weights that it was given
 * @param feedback whether the goal was that of a sum that the layer's output goes into
 * @param positions samples, times places in an image, that the weights were set on; 0 if none were
 * @param unknowns weights of one neuron, its bias among them; with fewer positions than these the
 *     fit is one of many and {@code after} says little
 * @param obstacle why the layer was left as merged, or empty if it was refit
 */
public record LayerFit(
    String name,
    double before,
    double after,
    boolean feedback,
    long positions,
    int unknowns,
    Optional<String> obstacle) {
  static LayerFit left(String name, String obstacle) {
    return new LayerFit(name, 0, 0, false, 0, 0, Optional.of(obstacle));
  }
}
