package org.otfuse.models.trace;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.otfuse.InvalidInputException;
import org.otfuse.models.onnx.GraphView;
import org.otfuse.models.onnx.OnnxFile;
import org.otfuse.models.onnx.Parameter;
import org.otfuse.models.trace.ParameterUse.Slab;
import org.otfuse.models.trace.Value.Activation;
import org.otfuse.models.trace.Value.Integers;
import org.otfuse.models.trace.Value.Weight;

/**
 * Walks a graph once and finds which neurons index which axis of which weight. A node that no rule
 * covers pins every neuron that reaches it, so that a fused model stays correct.
 */
public final class Tracer {
  /** Why neurons stay whose values are the outputs. */
  public static final String GRAPH_OUTPUT = "graph output";

  private final String file;
  private final GraphProto graph;
  private final GraphView view;
  private final Trace trace;
  private final Dimensions dimensions;
  private final Map<String, Parameter> parameters = new HashMap<>();
  private final long opset;

  private Tracer(OnnxFile file) {
    this.graph = file.skeleton().getGraph();
    this.file = file.path().toString();
    this.view = new GraphView(graph, this.file);
    TracingBudget budget = new TracingBudget(this.file);
    this.dimensions = new Dimensions(budget);
    this.trace = new Trace(view, dimensions, budget);
    this.opset = opset(file.skeleton());
    for (Parameter parameter : file.parameters()) {
      parameters.put(parameter.name(), parameter);
      parameter.shape().forEach(dimensions::state);
    }
  }

  public static Trace trace(OnnxFile file) {
    Tracer tracer = new Tracer(file);
    tracer.run();
    return tracer.trace;
  }

  /** The version of the standard operator set. */
  public static long opset(ModelProto model) {
    return opset(model, "");
  }

  /** The version of the operator set of a domain. */
  public static long opset(ModelProto model, String domain) {
    for (OperatorSetIdProto set : model.getOpsetImportList()) {
      boolean standard =
          OperatorNode.isStandard(domain) && OperatorNode.isStandard(set.getDomain());
      if (standard || set.getDomain().equals(domain)) {
        return set.getVersion();
      }
    }
    return 1;
  }

  private void run() {
    for (ValueInfoProto input : graph.getInputList()) {
      setDeclared(input);
    }
    for (TensorProto tensor : graph.getInitializerList()) {
      Parameter parameter = parameters.get(tensor.getName());
      if (parameter == null) {
        trace.setConstant(tensor.getName(), tensor);
      } else {
        trace.set(tensor.getName(), weight(parameter));
      }
    }
    for (int n : view.order()) {
      visit(new OperatorNode(n, graph.getNode(n), opset));
    }
    for (ValueInfoProto output : graph.getOutputList()) {
      Value value = trace.value(output.getName());
      if (value instanceof Activation activation) {
        activation.axes().forEach(axis -> axis.pin(GRAPH_OUTPUT));
      } else if (value instanceof Weight weight) {
        useFixed(weight, -1, -1);
      }
    }
    graph.getInputList().stream()
        .filter(input -> trace.value(input.getName()) instanceof Activation)
        .findFirst()
        .ifPresent(this::warnOfHiddenLayers);
  }

  /** Layers whose output does not run over the samples of the input first. */
  private void warnOfHiddenLayers(ValueInfoProto input) {
    Activation fed = (Activation) trace.value(input.getName());
    long samples = fed.rank() == 0 ? 1 : fed.axis(0).size();
    for (LayerTrace layer : trace.layers()) {
      boolean moves =
          layer.outputs().stream()
              .flatMap(axis -> axis.segments().stream())
              .anyMatch(s -> !s.isPlain() && s.atom().pinned().isEmpty());
      if (moves && trace.value(layer.tap()) instanceof Activation made) {
        long first = made.axis(0).size();
        boolean open = dimensions.isOpen(first);
        if (layer.tapAxis() == 0 || !open && first % samples != 0) {
          trace
              .warnings()
              .add(
                  "Calibration samples do not show what node %s computes: its output has no samples on axis 0."
                      .formatted(layer.name()));
        }
      }
    }
  }

  private static Weight weight(Parameter parameter) {
    return new Weight(
        parameter,
        IntStream.range(0, parameter.shape().size()).boxed().toList(),
        parameter.shape().stream().map(Integer::longValue).toList(),
        Optional.empty(),
        Weight.NONE);
  }

  private void setDeclared(ValueInfoProto info) {
    dimensions
        .of(info)
        .ifPresent(
            sizes ->
                trace.set(
                    info.getName(),
                    new Activation(sizes.stream().map(SymbolicAxis::plain).toList())));
  }

  private void visit(OperatorNode node) {
    NodeProto proto = node.proto();
    trace.budget().look(1L + proto.getInputCount() + proto.getAttributeCount());
    boolean standard = node.isStandard();
    if (proto.getOpType().equals("Constant") && parameters.containsKey(node.output())) {
      trace.set(node.output(), weight(parameters.get(node.output())));
      return;
    }
    Optional<Integers> folded = standard ? ShapeArithmetic.fold(node, trace) : Optional.empty();
    if (folded.isPresent()) {
      trace.set(node.output(), folded.get());
      return;
    }
    if (standard) {
      TrainingCheck.check(node, trace, file);
    }
    int before = trace.uses().size();
    Optional<Rule> rule = standard ? Rules.of(proto.getOpType()) : Optional.empty();
    if (rule.isEmpty()) {
      giveUp(node, "is an operator that is not known");
    } else {
      try {
        rule.get().apply(node, trace);
      } catch (Untraceable e) {
        giveUp(node, "cannot be followed: " + e.getMessage());
      } catch (IndexOutOfBoundsException | ArithmeticException | IllegalArgumentException e) {
        throw new InvalidInputException(
            "%s of %s has inputs or attributes that do not fit: %s"
                .formatted(node.label(), file, e.getMessage()),
            e);
      }
    }
    useTheRest(node, before);
  }

  private void giveUp(OperatorNode node, String what) {
    for (String name : GraphView.reads(node.proto())) {
      if (trace.value(name) instanceof Activation activation) {
        activation.axes().forEach(axis -> trace.pin(node, axis, what));
      } else if (trace.value(name) instanceof Weight) {
        trace.warn(node.label() + " " + what);
      }
    }
    for (String output : node.proto().getOutputList()) {
      ValueInfoProto info = view.infos().get(output);
      if (info != null) {
        setDeclared(info);
      }
    }
  }

  /** Weights that the node reads but no neurons index there. */
  private void useTheRest(OperatorNode node, int before) {
    Set<Integer> used = new HashSet<>();
    for (ParameterUse use : trace.uses().subList(before, trace.uses().size())) {
      used.add(use.input());
    }
    boolean follows =
        trace.value(node.output()) instanceof Weight weight && weight.node() == node.index();
    for (int i = 0; i < node.inputCount(); i++) {
      if (!used.contains(i)
          && !(follows && i == 0)
          && trace.input(node, i) instanceof Weight weight) {
        useFixed(weight, node.index(), i);
      }
    }
    for (String name : GraphView.captures(node.proto())) {
      if (trace.value(name) instanceof Weight weight) {
        useFixed(weight, node.index(), -1);
      }
    }
  }

  private void useFixed(Weight weight, int node, int input) {
    trace
        .uses()
        .add(
            new ParameterUse(
                weight, node, input, List.of(new Slab(Trace.plain(weight.parameter())))));
  }
}
