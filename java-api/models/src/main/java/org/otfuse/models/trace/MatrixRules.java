package org.otfuse.models.trace;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.otfuse.models.trace.ParameterUse.RoleAxis;
import org.otfuse.models.trace.Value.Activation;
import org.otfuse.models.trace.Value.Weight;

/** Matrix products: a weight reads the neurons that it sums over and computes new ones. */
final class MatrixRules {
  private MatrixRules() {}

  static void gemm(OperatorNode node, Trace trace) throws Untraceable {
    Weight b = trace.weight(node, 1);
    boolean transA = node.integer("transA", 0) != 0;
    boolean transB = node.integer("transB", 0) != 0;
    long reads = b.rank() == 2 ? b.size(transB ? 1 : 0) : 0;
    Activation a = trace.activation(node, 0, transA ? List.of(reads, 0L) : List.of(0L, reads));
    if (a.rank() != 2 || b.rank() != 2) {
      throw new Untraceable("its inputs are no matrices");
    }
    SymbolicAxis rows = a.axis(transA ? 1 : 0);
    SymbolicAxis sum = a.axis(transA ? 0 : 1);
    int in = transB ? 1 : 0;
    checkLength(trace, sum, b, in);
    SymbolicAxis out = trace.neurons(b, 1 - in);
    List<SymbolicAxis> axes = List.of(rows, out);
    Broadcast addition = null;
    if (node.hasInput(2)) {
      addition = new Broadcast(node, trace);
      addition.add(new Activation(axes));
      addition.add(2);
      addition.checkShape(List.of(rows.size(), out.size()));
    }
    ParameterUse use = use(node, trace, 1, b, in, sum, out);
    LayerTrace layer = layer(node, b, use, 1 - in, out, 1);
    if (addition != null) {
      axes = addition.join();
      Optional<ParameterUse> bias = addition.vectorUse(1);
      if (bias.isPresent() && node.real("beta", 1) == 1) {
        layer = layer.withBias(bias.get(), node.output());
      }
    }
    trace.set(node, axes, layer);
  }

  static void matMul(OperatorNode node, Trace trace) throws Untraceable {
    if (trace.input(node, 1) instanceof Weight) {
      weightOnTheRight(node, trace);
    } else if (trace.input(node, 0) instanceof Weight) {
      weightOnTheLeft(node, trace);
    } else {
      ofActivations(node, trace);
    }
  }

  private static void weightOnTheRight(OperatorNode node, Trace trace) throws Untraceable {
    Activation a = trace.activation(node, 0);
    Weight b = trace.weight(node, 1);
    if (a.rank() < 1 || b.rank() < 1 || b.rank() > 2) {
      throw new Untraceable("its weight has " + b.rank() + " axes");
    }
    SymbolicAxis sum = a.axis(a.rank() - 1);
    checkLength(trace, sum, b, 0);
    List<SymbolicAxis> axes = new ArrayList<>(a.axes().subList(0, a.rank() - 1));
    if (b.rank() == 1) {
      trace.use(node, 1, b, List.of(RoleAxis.input(sum)));
      trace.set(node, axes);
      return;
    }
    SymbolicAxis out = trace.neurons(b, 1);
    axes.add(out);
    ParameterUse use = use(node, trace, 1, b, 0, sum, out);
    trace.set(node, axes, layer(node, b, use, 1, out, axes.size() - 1));
  }

  private static void weightOnTheLeft(OperatorNode node, Trace trace) throws Untraceable {
    Weight a = trace.weight(node, 0);
    Activation b = trace.activation(node, 1);
    if (b.rank() < 2 || a.rank() != 2) {
      throw new Untraceable("its weight stands on the left of a vector or is no matrix");
    }
    SymbolicAxis sum = b.axis(b.rank() - 2);
    checkLength(trace, sum, a, 1);
    SymbolicAxis out = trace.neurons(a, 0);
    List<SymbolicAxis> axes = new ArrayList<>(b.axes());
    axes.set(b.rank() - 2, out);
    ParameterUse use = use(node, trace, 0, a, 1, sum, out);
    trace.set(node, axes, layer(node, a, use, 0, out, b.rank() - 2));
  }

  /** Rows of a table, as a product with vectors of one 1 each would take them. */
  static void embedding(OperatorNode node, Trace trace) throws Untraceable {
    Weight table = trace.weight(node, 0);
    Activation indices = trace.activation(node, 1);
    if (table.rank() != 2 || node.integer("axis", 0) != 0 || table.axes().contains(Weight.NONE)) {
      throw new Untraceable("it takes parts of a weight");
    }
    SymbolicAxis rows = SymbolicAxis.plain(table.size(0));
    SymbolicAxis out = trace.neurons(table, 1);
    List<SymbolicAxis> axes = new ArrayList<>();
    for (SymbolicAxis axis : indices.axes()) {
      axes.add(trace.pin(node, axis, "reads them as indices"));
    }
    axes.add(out);
    ParameterUse use = use(node, trace, 0, table, 0, rows, out);
    trace.set(node, axes, layer(node, table, use, 1, out, axes.size() - 1));
  }

  /** Scores of neurons against neurons: which map would be right depends on more than one group. */
  private static void ofActivations(OperatorNode node, Trace trace) throws Untraceable {
    Activation a = trace.activation(node, 0);
    Activation b = trace.activation(node, 1);
    if (a.rank() < 2 || b.rank() < 2) {
      throw new Untraceable("it multiplies two activations");
    }
    Activation longer = a.rank() >= b.rank() ? a : b;
    List<SymbolicAxis> axes = new ArrayList<>();
    for (int i = 0; i < longer.rank() - 2; i++) {
      int fromEnd = longer.rank() - i;
      long sizeA = fromEnd <= a.rank() ? a.axis(a.rank() - fromEnd).size() : 1;
      long sizeB = fromEnd <= b.rank() ? b.axis(b.rank() - fromEnd).size() : 1;
      axes.add(SymbolicAxis.plain(Math.max(sizeA, sizeB)));
    }
    axes.add(SymbolicAxis.plain(a.axis(a.rank() - 2).size()));
    axes.add(SymbolicAxis.plain(b.axis(b.rank() - 1).size()));
    for (Activation operand : List.of(a, b)) {
      for (SymbolicAxis axis : operand.axes()) {
        trace.pin(node, axis, "multiplies two activations");
      }
    }
    trace.set(node, axes);
  }

  private static void checkLength(Trace trace, SymbolicAxis sum, Weight weight, int axis)
      throws Untraceable {
    if (sum.size() != weight.size(axis)) {
      throw new Untraceable(
          "its weight reads "
              + weight.size(axis)
              + " values, its input has "
              + trace.dimensions().words(sum.size()));
    }
  }

  private static ParameterUse use(
      OperatorNode node,
      Trace trace,
      int input,
      Weight weight,
      int inputAxis,
      SymbolicAxis in,
      SymbolicAxis out) {
    RoleAxis read = RoleAxis.input(in);
    RoleAxis made = RoleAxis.output(out);
    return trace.use(
        node, input, weight, inputAxis == 0 ? List.of(read, made) : List.of(made, read));
  }

  private static LayerTrace layer(
      OperatorNode node,
      Weight w,
      ParameterUse use,
      int outputAxis,
      SymbolicAxis out,
      int tapAxis) {
    return new LayerTrace(
        node.index(),
        node.layerName(w),
        use,
        w.axes().get(outputAxis),
        List.of(out),
        Optional.empty(),
        Optional.empty(),
        node.output(),
        tapAxis);
  }
}
