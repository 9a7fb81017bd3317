package org.otfuse;

import java.util.List;
import java.util.Optional;

/**
 * What of a network fusion has to know: its tensors, and which neurons index their axes. Made by
 * tracing a model file, or by hand. Immutable.
 *
 * @param tensors all float tensors, in the model's order
 * @param groups the neuron groups, in topological order of their first producers
 * @param warnings one sentence for each thing that keeps neurons from being aligned
 * @param function what is done with the tensors, step by step; empty if nothing is known of it, as
 *     in an architecture that was made by hand
 */
public record Architecture(
    List<TensorLayout> tensors,
    List<NeuronGroup> groups,
    List<String> warnings,
    List<Operation> function) {
  /** Checks that every index and size fits. */
  public Architecture {
    tensors = List.copyOf(tensors);
    groups = List.copyOf(groups);
    warnings = List.copyOf(warnings);
    function = List.copyOf(function);
    for (TensorLayout tensor : tensors) {
      for (TensorLayout.Slab slab : tensor.slabs()) {
        for (TensorLayout.Axis axis : slab.axes()) {
          for (TensorLayout.Segment s : axis.segments()) {
            if (s.group() != TensorLayout.Segment.PLAIN
                && groups.get(s.group()).size() * s.block() != s.size()) {
              throw new IllegalArgumentException(
                  "tensor " + tensor.name() + ": segment " + s + " of " + groups.get(s.group()));
            }
          }
        }
      }
    }
  }

  /**
   * An architecture of which nothing is known but its tensors and groups.
   *
   * @param tensors all float tensors, in the model's order
   * @param groups the neuron groups, in topological order of their first producers
   * @param warnings one sentence for each thing that keeps neurons from being aligned
   */
  public Architecture(List<TensorLayout> tensors, List<NeuronGroup> groups, List<String> warnings) {
    this(tensors, groups, warnings, List.of());
  }

  /**
   * Compares two architectures up to the sizes of groups that may move. Their functions are
   * compared if both have one.
   *
   * @param other the one to compare with
   * @return the first difference in words ("this" is found, {@code other} expected), or empty if
   *     models of both can be fused
   */
  public Optional<String> difference(Architecture other) {
    return ArchitectureDifference.first(this, other);
  }
}
