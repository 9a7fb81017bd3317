package org.otfuse.models.trace;

import ai.onnx.proto.OnnxMl.TensorProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.otfuse.models.file.Limits;
import org.otfuse.models.onnx.GraphView;
import org.otfuse.models.onnx.Parameter;
import org.otfuse.models.trace.ParameterUse.RoleAxis;
import org.otfuse.models.trace.ParameterUse.Slab;
import org.otfuse.models.trace.Value.Activation;
import org.otfuse.models.trace.Value.Integers;
import org.otfuse.models.trace.Value.Opaque;
import org.otfuse.models.trace.Value.Weight;

/** What tracing has found so far; rules read values from it and write their findings to it. */
public final class Trace {
  private final GraphView graph;
  private final Dimensions dimensions;
  private final TracingBudget budget;
  private final Map<String, Value> values = new HashMap<>();
  private final Map<Integer, LayerTrace> layers = new LinkedHashMap<>();
  private final List<ParameterUse> uses = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private final Map<String, TensorProto> constants = new HashMap<>();

  Trace(GraphView graph, Dimensions dimensions, TracingBudget budget) {
    this.graph = graph;
    this.dimensions = dimensions;
    this.budget = budget;
  }

  GraphView graph() {
    return graph;
  }

  public TracingBudget budget() {
    return budget;
  }

  public Dimensions dimensions() {
    return dimensions;
  }

  /** The layers in topological order. */
  public List<LayerTrace> layers() {
    return List.copyOf(layers.values());
  }

  public List<ParameterUse> uses() {
    return uses;
  }

  public List<String> warnings() {
    return warnings;
  }

  public Value value(String name) {
    return values.getOrDefault(name, new Opaque());
  }

  public Value input(OperatorNode node, int index) {
    Value value = node.hasInput(index) ? value(node.proto().getInput(index)) : new Opaque();
    budget.look(1 + value.rank());
    return value;
  }

  /** An input as an activation; integers count as plain ones. */
  Activation activation(OperatorNode node, int index) throws Untraceable {
    Value value = input(node, index);
    if (value instanceof Activation activation) {
      return activation;
    }
    if (value instanceof Integers integers) {
      return new Activation(integers.shape().stream().map(SymbolicAxis::plain).toList());
    }
    throw new Untraceable(
        "its input "
            + index
            + (value instanceof Weight ? " is a weight" : " is of a shape that is not known"));
  }

  /**
   * An input as an activation; what comes out of an operator that is not known is plain.
   *
   * @param known the input's sizes as far as the node's weight tells them, 0 for the others
   */
  Activation activation(OperatorNode node, int index, List<Long> known) throws Untraceable {
    if (node.hasInput(index) && input(node, index) instanceof Opaque) {
      List<SymbolicAxis> axes = new ArrayList<>();
      for (long size : known) {
        axes.add(SymbolicAxis.plain(size == 0 ? dimensions.next() : size));
      }
      return new Activation(axes);
    }
    return activation(node, index);
  }

  Weight weight(OperatorNode node, int index) throws Untraceable {
    if (input(node, index) instanceof Weight weight) {
      if (weight.sizes().contains(0L)) {
        throw new Untraceable("its weight is empty");
      }
      return weight;
    }
    throw new Untraceable("its input " + index + " is no weight of the file");
  }

  /** New neurons, which an axis of a layer's weight computes. */
  SymbolicAxis neurons(Weight weight, int axis) throws Untraceable {
    return neurons(weight, axis, weight.size(axis));
  }

  /** As many new neurons as one group of a layer computes. */
  SymbolicAxis neurons(Weight weight, int axis, long size) throws Untraceable {
    if (weight.axes().get(axis) == Weight.NONE) {
      throw new Untraceable("its weight was expanded or reshaped to the axis that it computes");
    }
    return SymbolicAxis.of(new Atom(Math.toIntExact(size), budget));
  }

  /** A vector along the neurons. */
  Weight vector(OperatorNode node, int index, long size) throws Untraceable {
    Weight weight = weight(node, index);
    if (weight.rank() != 1 || weight.size(0) != size) {
      throw new Untraceable(
          "its input " + index + " is no vector of " + dimensions.words(size) + " values");
    }
    return weight;
  }

  /** Integers that the file determines, from an attribute in old operator sets or an input. */
  public Optional<List<Long>> integers(OperatorNode node, String attribute, int input)
      throws Untraceable {
    Optional<List<Long>> list = node.integers(attribute);
    if (list.isPresent() && list.get().size() > Limits.INTEGERS) {
      throw new Untraceable("its " + attribute + " are " + list.get().size() + " integers");
    }
    if (list.isPresent() || !node.hasInput(input)) {
      return list;
    }
    if (input(node, input) instanceof Integers integers) {
      budget.look(integers.values().length);
      List<Long> boxed = new ArrayList<>();
      for (long value : integers.values()) {
        boxed.add(value);
      }
      return Optional.of(boxed);
    }
    throw new Untraceable("its " + attribute + " depend on the data");
  }

  /** Keeps the data of a constant that is no weight. */
  void setConstant(String name, TensorProto tensor) {
    constants.put(name, tensor);
    set(name, ConstantRules.value(tensor));
  }

  Optional<TensorProto> constant(String name) {
    return Optional.ofNullable(constants.get(name));
  }

  void set(String name, Value value) {
    budget.checkRank(name, value.rank());
    if (value instanceof Integers integers) {
      budget.keepIntegers(integers.values().length);
    }
    if (!name.isEmpty()) {
      values.put(name, value);
    }
  }

  void set(OperatorNode node, List<SymbolicAxis> axes) {
    set(node.output(), new Activation(List.copyOf(axes)));
  }

  /** Sets the output of a layer, or of the bias or normalization that belongs to it. */
  void set(OperatorNode node, List<SymbolicAxis> axes, LayerTrace layer) {
    layers.put(layer.node(), layer);
    set(node.output(), new Activation(List.copyOf(axes), Optional.of(layer)));
  }

  /**
   * Records that a node uses a weight.
   *
   * @param axes what indexes each axis of the view; one of another length is left plain
   */
  ParameterUse use(OperatorNode node, int input, Weight weight, List<RoleAxis> axes) {
    List<RoleAxis> own = new ArrayList<>(plain(weight.parameter()));
    for (int a = 0; a < axes.size(); a++) {
      int axis = weight.axes().get(a);
      if (axis != Weight.NONE && axes.get(a).axis().size() == weight.size(a)) {
        own.set(axis, axes.get(a));
      }
    }
    return useSlabs(node, input, weight, List.of(new Slab(own)));
  }

  /** Records that a node uses a weight in slabs, given in the weight's own axes. */
  ParameterUse useSlabs(OperatorNode node, int input, Weight weight, List<Slab> slabs) {
    ParameterUse use = new ParameterUse(weight, node.index(), input, slabs);
    uses.add(use);
    return use;
  }

  static List<RoleAxis> plain(Parameter parameter) {
    return parameter.shape().stream()
        .map(size -> RoleAxis.output(SymbolicAxis.plain(size)))
        .toList();
  }

  /** Makes two axes one, as far as they can be. */
  SymbolicAxis unite(OperatorNode node, SymbolicAxis first, SymbolicAxis second) {
    if (first.isPlain() && second.isPlain()) {
      return first;
    }
    String reason = "in " + node.label() + " they meet values that no layer computes";
    if (AxisUnion.unite(first, second, reason)) {
      warn(reason);
    }
    return first;
  }

  /**
   * Keeps the neurons of an axis in place.
   *
   * @return a plain axis of the same size
   */
  SymbolicAxis pin(OperatorNode node, SymbolicAxis axis, String what) {
    if (axis.isPlain()) {
      return axis;
    }
    String reason = node.label() + " " + what;
    if (axis.pin(reason)) {
      warn(reason);
    }
    return SymbolicAxis.plain(axis.size());
  }

  void warn(String reason) {
    String sentence = "Some neurons stay as they are in the anchor: " + reason + ".";
    if (warnings.isEmpty() || !warnings.get(warnings.size() - 1).equals(sentence)) {
      warnings.add(sentence);
    }
  }
}
