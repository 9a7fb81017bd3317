package org.otfuse.models.trace;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.otfuse.models.trace.ParameterUse.RoleAxis;
import org.otfuse.models.trace.ParameterUse.Slab;
import org.otfuse.models.trace.Value.Activation;
import org.otfuse.models.trace.Value.Weight;

/**
 * Convolutions: they read the channels of axis 1 and compute new ones. A depthwise one only scales
 * and shifts each channel, so its output has the neurons of its input; a grouped one keeps each
 * block of channels to itself.
 */
final class ConvolutionRules {
  private final OperatorNode node;
  private final Trace trace;
  private final boolean transposed;
  private final Activation x;
  private final Weight weight;
  private final int groups;
  private final SymbolicAxis channels;

  private ConvolutionRules(OperatorNode node, Trace trace, boolean transposed) throws Untraceable {
    this.node = node;
    this.trace = trace;
    this.transposed = transposed;
    this.weight = trace.weight(node, 1);
    this.groups = Math.toIntExact(node.integer("group", 1));
    List<Long> sizes = new ArrayList<>(Collections.nCopies(weight.rank(), 0L));
    if (weight.rank() > 2) {
      sizes.set(1, transposed ? weight.size(0) : Math.multiplyExact(weight.size(1), groups));
    }
    this.x = trace.activation(node, 0, sizes);
    if (x.rank() < 3 || x.rank() != weight.rank() || groups < 1) {
      throw new Untraceable("input and weight differ in rank");
    }
    this.channels = x.axis(1);
    long reads = transposed ? weight.size(0) : Math.multiplyExact(weight.size(1), groups);
    if (channels.size() != reads || weight.size(0) % groups != 0) {
      throw new Untraceable(
          "its weight reads "
              + reads
              + " channels, its input has "
              + trace.dimensions().words(channels.size()));
    }
  }

  static void conv(OperatorNode node, Trace trace) throws Untraceable {
    new ConvolutionRules(node, trace, false).apply();
  }

  static void convTranspose(OperatorNode node, Trace trace) throws Untraceable {
    new ConvolutionRules(node, trace, true).apply();
  }

  private void apply() throws Untraceable {
    long computed = transposed ? Math.multiplyExact(weight.size(1), groups) : weight.size(0);
    trace.budget().look((long) groups * weight.rank());
    boolean depthwise = groups > 1 && groups == channels.size();
    Optional<Weight> bias =
        node.hasInput(2) ? Optional.of(trace.vector(node, 2, computed)) : Optional.empty();
    List<Long> spatial = spatialSizes();
    if (groups > 1 && !depthwise) {
      checkBlocks();
    }
    List<SymbolicAxis> outputs = new ArrayList<>();
    if (depthwise) {
      outputs.add(channels.inner(computed / groups));
    } else {
      for (int g = 0; g < groups; g++) {
        outputs.add(trace.neurons(weight, transposed ? 1 : 0, computed / groups));
      }
    }
    ParameterUse use = depthwise ? useDepthwise(outputs.get(0)) : useDense(outputs);
    SymbolicAxis out = SymbolicAxis.concat(outputs);
    Optional<ParameterUse> biasUse =
        bias.map(b -> trace.use(node, 2, b, List.of(RoleAxis.output(out))));
    List<SymbolicAxis> axes = new ArrayList<>(List.of(x.axis(0), out));
    for (int a = 2; a < x.rank(); a++) {
      trace.pin(node, x.axis(a), "slides over them");
      axes.add(SymbolicAxis.plain(spatial.get(a - 2)));
    }
    if (depthwise) {
      trace.set(node, axes);
    } else {
      trace.set(node, axes, layer(use, outputs, biasUse));
    }
  }

  private LayerTrace layer(
      ParameterUse use, List<SymbolicAxis> outputs, Optional<ParameterUse> bias) {
    return new LayerTrace(
        node.index(),
        node.layerName(weight),
        use,
        weight.axes().get(transposed ? 1 : 0),
        outputs,
        bias,
        Optional.empty(),
        node.output(),
        1);
  }

  private ParameterUse useDepthwise(SymbolicAxis out) {
    return trace.use(node, 1, weight, List.of(RoleAxis.output(transposed ? channels : out)));
  }

  private ParameterUse useDense(List<SymbolicAxis> outputs) {
    if (groups == 1) {
      RoleAxis read = RoleAxis.input(channels);
      RoleAxis made = RoleAxis.output(outputs.get(0));
      return trace.use(node, 1, weight, transposed ? List.of(read, made) : List.of(made, read));
    }
    long block = channels.size() / groups;
    List<Slab> slabs = new ArrayList<>();
    for (int g = 0; g < groups; g++) {
      List<RoleAxis> axes = new ArrayList<>(Trace.plain(weight.parameter()));
      axes.set(transposed ? 0 : 1, RoleAxis.input(channels.slice(g * block, (g + 1) * block)));
      axes.set(transposed ? 1 : 0, RoleAxis.output(outputs.get(g)));
      slabs.add(new Slab(axes));
    }
    return trace.useSlabs(node, 1, weight, slabs);
  }

  private void checkBlocks() throws Untraceable {
    for (int a = 0; a < weight.rank(); a++) {
      if (weight.axes().get(a) != a) {
        throw new Untraceable("its weight is transposed and it has several groups");
      }
    }
    if (weight.parameter().shape().size() != weight.rank()) {
      throw new Untraceable("its weight is reshaped and it has several groups");
    }
    long block = channels.size() / groups;
    for (int g = 1; g < groups; g++) {
      if (!channels.canCut(g * block)) {
        throw new Untraceable("its groups cut through the indices of one neuron");
      }
    }
  }

  private List<Long> spatialSizes() throws Untraceable {
    Window window = new Window(node, x.rank() - 2);
    List<Long> sizes = new ArrayList<>();
    for (int a = 0; a < x.rank() - 2; a++) {
      long kernel = weight.size(a + 2);
      long size = x.axis(a + 2).size();
      sizes.add(transposed ? window.transposedSize(a, size, kernel) : window.size(a, size, kernel));
    }
    return sizes;
  }
}
