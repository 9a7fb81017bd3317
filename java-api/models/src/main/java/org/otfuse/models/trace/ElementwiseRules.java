package org.otfuse.models.trace;

import java.util.List;
import java.util.Optional;
import org.otfuse.models.trace.Value.Activation;
import org.otfuse.models.trace.Value.Weight;

/** Operators that treat every neuron alike. */
final class ElementwiseRules {
  private static final int FLOAT = 1;

  private ElementwiseRules() {}

  static void identity(OperatorNode node, Trace trace) throws Untraceable {
    Value value = trace.input(node, 0);
    if (value instanceof Weight weight) {
      if (node.operator().equals("Cast") && node.integer("to", FLOAT) != FLOAT) {
        throw new Untraceable("it changes a weight's type");
      }
      trace.set(node.output(), ShapeRules.follow(node, weight, weight.axes(), weight.sizes()));
      return;
    }
    Activation x = trace.activation(node, 0);
    boolean still = trace.graph().hasOneReader(node.proto().getInput(0));
    trace.set(node.output(), new Activation(x.axes(), still ? x.producer() : Optional.empty()));
  }

  static void unary(OperatorNode node, Trace trace) throws Untraceable {
    trace.set(node, trace.activation(node, 0).axes());
  }

  static void broadcast(OperatorNode node, Trace trace) throws Untraceable {
    if (node.attribute("broadcast").isPresent()) {
      throw new Untraceable("it aligns its inputs as operator sets before 7 did");
    }
    Broadcast operands = new Broadcast(node, trace);
    for (int i = 0; i < node.inputCount(); i++) {
      operands.add(i);
    }
    if (!operands.hasActivation()) {
      throw new Untraceable("it combines weights only");
    }
    List<SymbolicAxis> axes = operands.join();
    Optional<LayerTrace> layer = withBias(node, trace, operands, axes);
    if (layer.isPresent()) {
      trace.set(node, axes, layer.get());
    } else {
      trace.set(node, axes);
    }
  }

  /** Add of a vector to a layer's raw output is the layer's bias. */
  private static Optional<LayerTrace> withBias(
      OperatorNode node, Trace trace, Broadcast operands, List<SymbolicAxis> axes) {
    if (!node.operator().equals("Add") || operands.weights().size() != 1) {
      return Optional.empty();
    }
    int input = 1 - operands.weights().keySet().iterator().next();
    String name = node.proto().getInput(input);
    if (!(trace.value(name) instanceof Activation x)
        || x.producer().isEmpty()
        || x.rank() != axes.size()
        || !trace.graph().hasOneReader(name)) {
      return Optional.empty();
    }
    LayerTrace layer = x.producer().get();
    if (layer.bias().isPresent() || layer.normalization().isPresent()) {
      return Optional.empty();
    }
    return operands.vectorUse(layer.tapAxis()).map(use -> layer.withBias(use, node.output()));
  }
}
