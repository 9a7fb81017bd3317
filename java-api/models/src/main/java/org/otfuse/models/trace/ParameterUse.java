package org.otfuse.models.trace;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.otfuse.TensorLayout.Role;
import org.otfuse.models.onnx.Parameter;
import org.otfuse.models.trace.Value.Weight;

/**
 * One use of a weight by a node, and which neurons index the weight there.
 *
 * @param weight the weight, as the user sees it
 * @param node the using node, by index
 * @param input which of its inputs
 * @param slabs rows of the weight that see the same neurons, in order
 */
public record ParameterUse(Weight weight, int node, int input, List<Slab> slabs) {
  public Parameter parameter() {
    return weight.parameter();
  }

  /** The nodes between the weight and the user, by index. */
  List<Integer> chain() {
    List<Integer> nodes = new ArrayList<>();
    for (Weight view = weight; view.source().isPresent(); view = view.source().get()) {
      nodes.add(view.node());
    }
    Collections.reverse(nodes);
    return nodes;
  }

  /**
   * Consecutive rows of the weight.
   *
   * @param axes one an axis of the weight
   */
  record Slab(List<RoleAxis> axes) {}

  /**
   * An axis of the weight.
   *
   * @param role whether the neurons are computed or read
   * @param axis the neurons
   */
  record RoleAxis(Role role, SymbolicAxis axis) {
    static RoleAxis output(SymbolicAxis axis) {
      return new RoleAxis(Role.OUTPUT, axis);
    }

    static RoleAxis input(SymbolicAxis axis) {
      return new RoleAxis(Role.INPUT, axis);
    }
  }
}
