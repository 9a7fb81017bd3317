package org.otfuse;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.otfuse.check.ArchitectureChecks;
import org.otfuse.check.ArchitectureDifference;

/**
 * What of a network fusion has to know: its tensors, and which neurons index their axes. Made by
 * tracing a model file, or by hand. Immutable.
 *
 * @param tensors all float tensors, in the model's order, each with a name of its own
 * @param groups the neuron groups, in topological order of their first producers, each with a name
 *     of its own
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
    tensors = List.copyOf(Objects.requireNonNull(tensors, "tensors"));
    groups = List.copyOf(Objects.requireNonNull(groups, "groups"));
    warnings = List.copyOf(Objects.requireNonNull(warnings, "warnings"));
    new ArchitectureChecks(tensors, groups).check();
    function = List.copyOf(Objects.requireNonNull(function, "function"));
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
