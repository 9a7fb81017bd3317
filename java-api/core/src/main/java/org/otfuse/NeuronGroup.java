package org.otfuse;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Neurons that move together: one map carries every tensor axis that indexes them.
 *
 * @param name unique in its architecture, after the first producer's node
 * @param size the number of neurons
 * @param pinned why the group must stay as it is, or empty if it may move
 * @param producers what computes the neurons, in topological order; several in a residual stream
 */
public record NeuronGroup(
    String name, int size, Optional<String> pinned, List<Producer> producers) {
  /** Checks the size. */
  public NeuronGroup {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(pinned, "pinned");
    producers = List.copyOf(Objects.requireNonNull(producers, "producers"));
    if (size < 1) {
      throw new IllegalArgumentException(
          "neuron group " + name + " has " + size + " neurons, expected 1 or more");
    }
  }
}
