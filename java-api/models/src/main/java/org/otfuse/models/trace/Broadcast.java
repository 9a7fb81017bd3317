package org.otfuse.models.trace;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.otfuse.models.trace.ParameterUse.RoleAxis;
import org.otfuse.models.trace.Value.Activation;
import org.otfuse.models.trace.Value.Weight;

/**
 * Operands of an elementwise operator, aligned at their last axes. Activations index the same
 * neurons where they have the same axis; a weight joins the neurons that it is applied to.
 */
final class Broadcast {
  private final OperatorNode node;
  private final Trace trace;
  private final List<Activation> activations = new ArrayList<>();
  private final Map<Integer, Weight> weights = new LinkedHashMap<>();
  private final Map<Integer, ParameterUse> uses = new LinkedHashMap<>();
  private List<Long> shape = List.of();

  Broadcast(OperatorNode node, Trace trace) {
    this.node = node;
    this.trace = trace;
  }

  void add(Activation operand) throws Untraceable {
    activations.add(operand);
    extend(operand.axes().stream().map(SymbolicAxis::size).toList());
  }

  /** Adds an input of the node. */
  void add(int input) throws Untraceable {
    if (trace.input(node, input) instanceof Weight weight) {
      weights.put(input, weight);
      extend(weight.sizes());
    } else {
      add(trace.activation(node, input));
    }
  }

  private void extend(List<Long> other) throws Untraceable {
    int rank = Math.max(shape.size(), other.size());
    List<Long> joint = new ArrayList<>();
    for (int a = 0; a < rank; a++) {
      long s = size(shape, a, rank);
      long t = size(other, a, rank);
      if (s != t && s != 1 && t != 1) {
        throw new Untraceable("its inputs have shapes " + words(shape) + " and " + words(other));
      }
      joint.add(s == 1 ? t : s);
    }
    shape = joint;
  }

  private static long size(List<Long> shape, int axis, int rank) {
    int a = axis - (rank - shape.size());
    return a < 0 ? 1 : shape.get(a);
  }

  private List<String> words(List<Long> sizes) {
    return trace.dimensions().words(sizes);
  }

  boolean hasActivation() {
    return !activations.isEmpty();
  }

  Map<Integer, Weight> weights() {
    return weights;
  }

  void checkShape(List<Long> expected) throws Untraceable {
    if (!shape.equals(expected)) {
      throw new Untraceable("its inputs make shape " + words(shape) + " of " + words(expected));
    }
  }

  /** Unites the axes, and gives the weights theirs. */
  List<SymbolicAxis> join() {
    List<SymbolicAxis> axes = new ArrayList<>();
    for (int a = 0; a < shape.size(); a++) {
      axes.add(joinAxis(a));
    }
    weights.forEach(
        (input, weight) ->
            uses.put(
                input,
                trace.use(
                    node,
                    input,
                    weight,
                    axes.subList(axes.size() - weight.rank(), axes.size()).stream()
                        .map(RoleAxis::output)
                        .toList())));
    return axes;
  }

  private SymbolicAxis joinAxis(int axis) {
    SymbolicAxis joint = null;
    for (Activation operand : activations) {
      int a = axis - (shape.size() - operand.rank());
      if (a < 0) {
        continue;
      }
      SymbolicAxis own = operand.axis(a);
      if (own.size() != shape.get(axis)) {
        trace.pin(node, own, "spreads them over an axis");
      } else {
        joint = joint == null ? own : trace.unite(node, joint, own);
      }
    }
    return joint == null ? SymbolicAxis.plain(shape.get(axis)) : joint;
  }

  /** The use of the only weight if it is a vector along one axis of the result. */
  Optional<ParameterUse> vectorUse(int axis) {
    if (weights.size() != 1) {
      return Optional.empty();
    }
    Map.Entry<Integer, Weight> entry = weights.entrySet().iterator().next();
    Weight weight = entry.getValue();
    int own = axis - (shape.size() - weight.rank());
    boolean along =
        own >= 0
            && weight.axes().get(own) != Weight.NONE
            && weight.size(own) == shape.get(axis)
            && weight.parameter().data().remaining() == weight.size(own);
    return along ? Optional.of(uses.get(entry.getKey())) : Optional.empty();
  }
}
