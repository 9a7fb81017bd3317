package org.otfuse.models.trace;

import java.util.ArrayList;
import java.util.List;
import org.otfuse.models.trace.LayerTrace.BatchNormalizationTrace;
import org.otfuse.models.trace.ParameterUse.RoleAxis;
import org.otfuse.models.trace.Value.Activation;
import org.otfuse.models.trace.Value.Weight;

/** Normalizations whose parameters are vectors along the neurons. */
final class NormalizationRules {
  private NormalizationRules() {}

  static void batch(OperatorNode node, Trace trace) throws Untraceable {
    Activation x = trace.activation(node, 0);
    if (node.integer("spatial", 1) != 1) {
      throw new Untraceable("it normalizes each place by itself");
    }
    List<ParameterUse> uses = channelVectors(node, trace, x, 4);
    String name = node.proto().getInput(0);
    boolean direct =
        trace.graph().hasOneReader(name)
            && x.producer()
                .filter(p -> p.tapAxis() == 1 && p.normalization().isEmpty())
                .isPresent();
    if (direct) {
      BatchNormalizationTrace normalization =
          new BatchNormalizationTrace(
              uses.get(0), uses.get(1), uses.get(2), uses.get(3), node.real("epsilon", 1e-5f));
      trace.set(node, x.axes(), x.producer().get().withNormalization(normalization, node.output()));
    } else {
      trace.set(node, x.axes());
    }
  }

  static void instance(OperatorNode node, Trace trace) throws Untraceable {
    Activation x = trace.activation(node, 0);
    channelVectors(node, trace, x, 2);
    for (SymbolicAxis axis : x.axes().subList(2, x.rank())) {
      trace.pin(node, axis, "averages over them");
    }
    trace.set(node, x.axes());
  }

  private static List<ParameterUse> channelVectors(
      OperatorNode node, Trace trace, Activation x, int count) throws Untraceable {
    if (x.rank() < 2) {
      throw new Untraceable("its input has no channels");
    }
    SymbolicAxis channels = x.axis(1);
    List<Weight> vectors = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      vectors.add(trace.vector(node, i, channels.size()));
    }
    List<ParameterUse> uses = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      uses.add(trace.use(node, i, vectors.get(i - 1), List.of(RoleAxis.output(channels))));
    }
    return uses;
  }

  /** Statistics over the last axes do not change when neurons change places on them. */
  static void layer(OperatorNode node, Trace trace) throws Untraceable {
    Activation x = trace.activation(node, 0);
    int axis = Math.toIntExact(node.integer("axis", -1));
    int first = axis < 0 ? axis + x.rank() : axis;
    if (first < 0 || first >= x.rank()) {
      throw new Untraceable("its axis is " + axis);
    }
    Broadcast operands = new Broadcast(node, trace);
    operands.add(x);
    for (int i = 1; i < node.inputCount(); i++) {
      if (node.hasInput(i)) {
        trace.weight(node, i);
        operands.add(i);
      }
    }
    operands.checkShape(x.axes().stream().map(SymbolicAxis::size).toList());
    trace.set(node, operands.join());
  }
}
