package org.otfuse.models.trace;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.otfuse.models.trace.ParameterUse.RoleAxis;
import org.otfuse.models.trace.Value.Activation;
import org.otfuse.models.trace.Value.Integers;
import org.otfuse.models.trace.Value.Weight;

/** Operators that stack axes or take parts of them. */
public final class PartRules {
  private PartRules() {}

  private static int axis(long axis, int rank) throws Untraceable {
    long a = axis < 0 ? axis + rank : axis;
    if (a < 0 || a >= rank) {
      throw new Untraceable("its axis is " + axis + " of " + rank);
    }
    return (int) a;
  }

  static void concat(OperatorNode node, Trace trace) throws Untraceable {
    List<Activation> activations = new ArrayList<>();
    List<Long> lengths = new ArrayList<>();
    for (int i = 0; i < node.inputCount(); i++) {
      if (!(trace.input(node, i) instanceof Weight)) {
        activations.add(trace.activation(node, i));
      }
    }
    if (activations.isEmpty()) {
      throw new Untraceable("it combines weights only");
    }
    int rank = activations.get(0).rank();
    int axis = axis(node.integer("axis", 1), rank);
    List<SymbolicAxis> axes = new ArrayList<>(activations.get(0).axes());
    for (int i = 0; i < node.inputCount(); i++) {
      lengths.add(checkStackable(node, trace, i, axes, axis));
    }
    List<SymbolicAxis> stack = new ArrayList<>();
    for (int i = 0; i < node.inputCount(); i++) {
      if (trace.input(node, i) instanceof Weight) {
        stack.add(SymbolicAxis.plain(lengths.get(i)));
      } else {
        stack.add(trace.activation(node, i).axis(axis));
      }
    }
    for (Activation x : activations.subList(1, activations.size())) {
      for (int a = 0; a < rank; a++) {
        if (a != axis) {
          trace.unite(node, axes.get(a), x.axis(a));
        }
      }
    }
    axes.set(axis, SymbolicAxis.concat(stack));
    useWeights(node, trace, axes, axis, lengths);
    trace.set(node, axes);
  }

  private static void useWeights(
      OperatorNode node, Trace trace, List<SymbolicAxis> axes, int axis, List<Long> lengths) {
    for (int i = 0; i < node.inputCount(); i++) {
      if (trace.input(node, i) instanceof Weight weight) {
        List<SymbolicAxis> own = new ArrayList<>(axes);
        own.set(axis, SymbolicAxis.plain(lengths.get(i)));
        trace.use(node, i, weight, own.stream().map(RoleAxis::output).toList());
      }
    }
  }

  /** The length of an input along the axis, if its other sizes fit. */
  private static long checkStackable(
      OperatorNode node, Trace trace, int input, List<SymbolicAxis> axes, int axis)
      throws Untraceable {
    List<Long> sizes =
        trace.input(node, input) instanceof Weight weight
            ? weight.sizes()
            : trace.activation(node, input).axes().stream().map(SymbolicAxis::size).toList();
    for (int a = 0; a < axes.size(); a++) {
      if (sizes.size() != axes.size() || a != axis && sizes.get(a) != axes.get(a).size()) {
        throw new Untraceable("its inputs do not fit");
      }
    }
    return sizes.get(axis);
  }

  static void split(OperatorNode node, Trace trace) throws Untraceable {
    Activation x = trace.activation(node, 0);
    int axis = axis(node.integer("axis", 0), x.rank());
    int parts = node.proto().getOutputCount();
    long size = x.axis(axis).size();
    long each = (size + parts - 1) / parts;
    Optional<List<Long>> listed = trace.integers(node, "split", 1);
    List<Long> lengths = new ArrayList<>(listed.orElse(Collections.nCopies(parts, each)));
    if (listed.isEmpty()) {
      lengths.set(parts - 1, size - each * (parts - 1));
    }
    if (lengths.size() != parts
        || lengths.stream().anyMatch(n -> n < 0)
        || ShapeRules.sum(lengths) != size) {
      throw new Untraceable(
          "it splits "
              + trace.dimensions().words(size)
              + " into "
              + trace.dimensions().words(lengths));
    }
    long from = 0;
    for (int p = 0; p < parts; p++) {
      List<SymbolicAxis> axes = new ArrayList<>(x.axes());
      axes.set(axis, cut(node, trace, x.axis(axis), from, from + lengths.get(p)));
      trace.set(node.proto().getOutput(p), new Activation(List.copyOf(axes)));
      from += lengths.get(p);
    }
  }

  /** A part of an axis; the neurons are pinned where the cut goes through a neuron's block. */
  private static SymbolicAxis cut(
      OperatorNode node, Trace trace, SymbolicAxis axis, long from, long to) {
    if (from == 0 && to == axis.size()) {
      return axis;
    }
    if (!axis.canCut(from) || !axis.canCut(to)) {
      trace.pin(node, axis, "cuts through the indices of one neuron");
      return SymbolicAxis.plain(to - from);
    }
    return axis.slice(from, to);
  }

  static void slice(OperatorNode node, Trace trace) throws Untraceable {
    Activation x = trace.activation(node, 0);
    List<Long> starts =
        trace.integers(node, "starts", 1).orElseThrow(() -> new Untraceable("it has no starts"));
    List<Long> ends =
        trace.integers(node, "ends", 2).orElseThrow(() -> new Untraceable("it has no ends"));
    Optional<List<Long>> listed = trace.integers(node, "axes", 3);
    Optional<List<Long>> steps = trace.integers(node, "steps", 4);
    List<SymbolicAxis> axes = new ArrayList<>(x.axes());
    for (int i = 0; i < starts.size(); i++) {
      int axis = axis(listed.isPresent() ? listed.get().get(i) : i, x.rank());
      long step = steps.isPresent() ? steps.get().get(i) : 1;
      if (step == 0) {
        throw new Untraceable("its step is 0");
      }
      Range range = Range.of(starts.get(i), ends.get(i), step, x.axis(axis).size());
      if (step == 1) {
        axes.set(axis, cut(node, trace, axes.get(axis), range.first, range.first + range.count));
      } else {
        trace.pin(node, axes.get(axis), "takes some of them");
        axes.set(axis, SymbolicAxis.plain(range.count));
      }
    }
    trace.set(node, axes);
  }

  /**
   * The indices that a slice takes.
   *
   * @param first the first of them
   * @param count how many
   */
  public record Range(long first, long count) {
    public static Range of(long start, long end, long step, long size) {
      long low = step > 0 ? 0 : -1;
      long high = step > 0 ? size : size - 1;
      long from = clamp(start < 0 ? start + size : start, 0, high);
      long to = clamp(end < 0 ? Math.max(end + size, low) : end, low, high);
      long span = step > 0 ? to - from : from - to;
      long stride = Math.abs(step);
      return new Range(from, span <= 0 ? 0 : (span - 1) / stride + 1);
    }

    private static long clamp(long value, long low, long high) {
      return Math.max(low, Math.min(high, value));
    }
  }

  /** Takes indices along an axis: one drops the axis, several make a plain one. */
  static void gather(OperatorNode node, Trace trace) throws Untraceable {
    if (trace.input(node, 0) instanceof Weight) {
      MatrixRules.embedding(node, trace);
      return;
    }
    Activation x = trace.activation(node, 0);
    int axis = axis(node.integer("axis", 0), x.rank());
    if (!(trace.input(node, 1) instanceof Integers indices)) {
      throw new Untraceable("its indices depend on the data");
    }
    trace.pin(node, x.axis(axis), "takes some of them");
    List<SymbolicAxis> axes = new ArrayList<>(x.axes().subList(0, axis));
    indices.shape().forEach(size -> axes.add(SymbolicAxis.plain(size)));
    axes.addAll(x.axes().subList(axis + 1, x.rank()));
    trace.set(node, axes);
  }

  static void pad(OperatorNode node, Trace trace) throws Untraceable {
    Activation x = trace.activation(node, 0);
    List<Long> pads =
        trace
            .integers(node, node.attribute("paddings").isPresent() ? "paddings" : "pads", 1)
            .orElseThrow(() -> new Untraceable("it has no pads"));
    List<Long> listed = trace.integers(node, "axes", 3).orElse(null);
    int count = listed == null ? x.rank() : listed.size();
    if (pads.size() != 2 * count || pads.stream().anyMatch(p -> p < 0)) {
      throw new Untraceable("its pads are " + pads);
    }
    boolean constant = node.text("mode", "constant").equals("constant");
    List<SymbolicAxis> axes = new ArrayList<>(x.axes());
    for (int i = 0; i < count; i++) {
      int a = axis(listed == null ? i : listed.get(i), x.rank());
      long before = pads.get(i);
      long after = pads.get(i + count);
      if (before + after > 0) {
        SymbolicAxis own =
            constant ? axes.get(a) : trace.pin(node, axes.get(a), "copies some of them");
        axes.set(
            a,
            SymbolicAxis.concat(
                List.of(SymbolicAxis.plain(before), own, SymbolicAxis.plain(after))));
      }
    }
    trace.set(node, axes);
  }
}
