package org.otfuse.models.trace;

import java.util.ArrayList;
import java.util.List;

/**
 * Follows a reshape of an activation. Axes are taken from both sides in the smallest runs with the
 * same number of indices; a run of the input is merged into one axis and then parted anew. An axis
 * of neurons with blocks can be parted between neurons and block, but not among the neurons.
 */
public final class Reshape {
  private final OperatorNode node;
  private final Trace trace;
  private final List<SymbolicAxis> from;
  private final List<Long> to;

  /**
   * Prepares.
   *
   * @param from axes of the input
   * @param to sizes of the output, with the same product
   */
  Reshape(OperatorNode node, Trace trace, List<SymbolicAxis> from, List<Long> to) {
    this.node = node;
    this.trace = trace;
    this.from = from;
    this.to = to;
  }

  List<SymbolicAxis> run() throws Untraceable {
    List<SymbolicAxis> axes = new ArrayList<>();
    int i = 0;
    int j = 0;
    while (i < from.size() && j < to.size()) {
      int firstIn = i;
      int firstOut = j;
      long in = from.get(i++).size();
      long out = to.get(j++);
      while (in != out) {
        if (in < out && i < from.size()) {
          in = ShapeRules.product(List.of(in, from.get(i++).size()));
        } else if (out < in && j < to.size()) {
          out = ShapeRules.product(List.of(out, to.get(j++)));
        } else {
          throw new Untraceable("its sizes do not fit");
        }
      }
      axes.addAll(part(merge(from.subList(firstIn, i)), to.subList(firstOut, j)));
    }
    for (; i < from.size(); i++) {
      trace.pin(node, from.get(i), "drops their axis");
    }
    for (; j < to.size(); j++) {
      axes.add(SymbolicAxis.plain(1));
    }
    return axes;
  }

  private SymbolicAxis merge(List<SymbolicAxis> run) {
    SymbolicAxis merged = run.get(run.size() - 1);
    for (int a = run.size() - 2; a >= 0; a--) {
      SymbolicAxis outer = run.get(a);
      if (outer.isPlain() && merged.canRepeat(outer.size())) {
        merged = merged.repeat(outer.size());
      } else if (merged.isPlain()) {
        merged = outer.inner(merged.size());
      } else {
        SymbolicAxis inner = trace.pin(node, merged, "merges their axis with another");
        merged = trace.pin(node, outer, "merges their axis with another").inner(inner.size());
      }
    }
    return merged;
  }

  private List<SymbolicAxis> part(SymbolicAxis axis, List<Long> sizes) throws Untraceable {
    if (sizes.size() == 1) {
      return List.of(axis);
    }
    List<SymbolicAxis> axes = new ArrayList<>();
    sizes.forEach(size -> axes.add(SymbolicAxis.plain(size)));
    if (axis.isPlain()) {
      return axes;
    }
    trace.budget().look((long) sizes.size() * sizes.size());
    for (int k = 0; k < sizes.size(); k++) {
      long outer = ShapeRules.product(sizes.subList(0, k));
      long inner = ShapeRules.product(sizes.subList(k + 1, sizes.size()));
      SymbolicAxis neurons = axis.unrepeat(outer, inner);
      if (neurons.size() == sizes.get(k)) {
        axes.set(k, neurons);
        return axes;
      }
    }
    trace.pin(node, axis, "splits their axis");
    return axes;
  }
}
