package org.otfuse.models.trace;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.otfuse.models.trace.Value.Activation;

/** Sums, means and extremes over axes: every other axis keeps its neurons. */
final class ReductionRules {
  private ReductionRules() {}

  static void reduce(OperatorNode node, Trace trace) throws Untraceable {
    Activation x = trace.activation(node, 0);
    Set<Long> named = Set.copyOf(trace.integers(node, "axes", 1).orElse(List.of()));
    boolean none = named.isEmpty();
    if (none && node.integer("noop_with_empty_axes", 0) != 0) {
      trace.set(node, x.axes());
      return;
    }
    Set<Integer> reduced = new HashSet<>();
    for (int a = 0; a < x.rank(); a++) {
      if (none || named.contains((long) a) || named.contains((long) a - x.rank())) {
        reduced.add(a);
      }
    }
    boolean keep = node.integer("keepdims", 1) != 0;
    List<SymbolicAxis> axes = new ArrayList<>();
    for (int a = 0; a < x.rank(); a++) {
      if (!reduced.contains(a)) {
        axes.add(x.axis(a));
      } else {
        trace.pin(node, x.axis(a), "mixes them into one value");
        if (keep) {
          axes.add(SymbolicAxis.plain(1));
        }
      }
    }
    trace.set(node, axes);
  }
}
