package org.otfuse.models.trace;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.otfuse.models.trace.Value.Activation;
import org.otfuse.models.trace.Value.Weight;

/** Operators that move, merge and part axes. On a weight, the view of it changes. */
final class ShapeRules {
  private ShapeRules() {}

  /** The view of a weight behind one more node. */
  static Weight follow(OperatorNode node, Weight weight, List<Integer> axes, List<Long> sizes) {
    return new Weight(
        weight.parameter(),
        List.copyOf(axes),
        List.copyOf(sizes),
        Optional.of(weight),
        node.index());
  }

  static void transpose(OperatorNode node, Trace trace) throws Untraceable {
    Value x = trace.input(node, 0);
    int rank = x instanceof Weight w ? w.rank() : trace.activation(node, 0).rank();
    List<Integer> ascending = IntStream.range(0, rank).boxed().toList();
    List<Integer> reversed = ascending.stream().map(a -> rank - 1 - a).toList();
    List<Integer> perm =
        node.integers("perm")
            .map(list -> list.stream().map(Math::toIntExact).toList())
            .orElse(reversed);
    if (!perm.stream().sorted().toList().equals(ascending)) {
      throw new Untraceable("its perm is " + perm);
    }
    if (x instanceof Weight w) {
      trace.set(node.output(), follow(node, w, pick(w.axes(), perm), pick(w.sizes(), perm)));
    } else {
      trace.set(node, pick(trace.activation(node, 0).axes(), perm));
    }
  }

  private static <T> List<T> pick(List<T> list, List<Integer> indices) {
    return indices.stream().map(list::get).toList();
  }

  static void reshape(OperatorNode node, Trace trace) throws Untraceable {
    List<Long> shape =
        trace
            .integers(node, "shape", 1)
            .orElseThrow(() -> new Untraceable("its shape is not known"));
    reshape(node, trace, shape, node.integer("allowzero", 0) != 0);
  }

  static void flatten(OperatorNode node, Trace trace) throws Untraceable {
    List<Long> sizes = sizes(trace, node);
    int axis = Math.toIntExact(node.integer("axis", 1));
    int from = axis < 0 ? axis + sizes.size() : axis;
    if (from < 0 || from > sizes.size()) {
      throw new Untraceable("its axis is " + axis);
    }
    long outer = product(sizes.subList(0, from));
    reshape(node, trace, List.of(outer, product(sizes.subList(from, sizes.size()))), true);
  }

  private static void reshape(OperatorNode node, Trace trace, List<Long> shape, boolean zeros)
      throws Untraceable {
    List<Long> from = sizes(trace, node);
    List<Long> to = new ArrayList<>(shape);
    for (int a = 0; a < to.size(); a++) {
      if (to.get(a) == 0 && !zeros && a < from.size()) {
        to.set(a, from.get(a));
      }
    }
    int open = to.indexOf(-1L);
    if (open >= 0) {
      to.set(open, 1L);
      long known = product(to);
      to.set(open, known == 0 ? 0 : product(from) / known);
    }
    if (product(to) != product(from)) {
      throw new Untraceable(
          "it makes shape "
              + trace.dimensions().words(shape)
              + " of "
              + trace.dimensions().words(from));
    }
    if (trace.input(node, 0) instanceof Weight w) {
      trace.set(node.output(), reshapeWeight(node, trace, w, to));
    } else {
      trace.set(node, new Reshape(node, trace, trace.activation(node, 0).axes(), to).run());
    }
  }

  /** A weight may only gain or lose axes of size one. */
  private static Weight reshapeWeight(OperatorNode node, Trace trace, Weight w, List<Long> to)
      throws Untraceable {
    List<Integer> kept = new ArrayList<>();
    for (int a = 0; a < w.rank(); a++) {
      if (w.size(a) != 1) {
        kept.add(a);
      }
    }
    List<Integer> axes = new ArrayList<>();
    int next = 0;
    for (long size : to) {
      if (size == 1) {
        axes.add(Weight.NONE);
      } else if (next < kept.size() && w.size(kept.get(next)) == size) {
        axes.add(w.axes().get(kept.get(next++)));
      } else {
        throw new Untraceable("it reshapes a weight to " + trace.dimensions().words(to));
      }
    }
    return follow(node, w, axes, to);
  }

  static void squeeze(OperatorNode node, Trace trace) throws Untraceable {
    List<Long> sizes = sizes(trace, node);
    Set<Integer> removed = new LinkedHashSet<>();
    Set<Long> listed = Set.copyOf(trace.integers(node, "axes", 1).orElse(List.of()));
    for (int a = 0; a < sizes.size(); a++) {
      boolean named = listed.contains((long) a) || listed.contains((long) a - sizes.size());
      if (named || listed.isEmpty() && sizes.get(a) == 1) {
        removed.add(a);
        if (sizes.get(a) != 1) {
          throw new Untraceable(
              "it drops an axis of size " + trace.dimensions().words(sizes.get(a)));
        }
      }
    }
    List<Integer> kept = new ArrayList<>();
    for (int a = 0; a < sizes.size(); a++) {
      if (!removed.contains(a)) {
        kept.add(a);
      }
    }
    if (trace.input(node, 0) instanceof Weight w) {
      trace.set(node.output(), follow(node, w, pick(w.axes(), kept), pick(w.sizes(), kept)));
      return;
    }
    Activation x = trace.activation(node, 0);
    removed.forEach(a -> trace.pin(node, x.axis(a), "drops their axis"));
    trace.set(node, pick(x.axes(), kept));
  }

  static void unsqueeze(OperatorNode node, Trace trace) throws Untraceable {
    List<Long> axesList =
        trace.integers(node, "axes", 1).orElseThrow(() -> new Untraceable("it has no axes"));
    Set<Long> listed = Set.copyOf(axesList);
    List<Long> sizes = sizes(trace, node);
    int rank = sizes.size() + axesList.size();
    List<Integer> source = new ArrayList<>();
    int next = 0;
    for (int a = 0; a < rank; a++) {
      boolean added = listed.contains((long) a) || listed.contains((long) a - rank);
      source.add(added ? Weight.NONE : next++);
    }
    if (next != sizes.size()) {
      throw new Untraceable("its axes are " + listed);
    }
    if (trace.input(node, 0) instanceof Weight w) {
      List<Integer> axes = source.stream().map(a -> a < 0 ? a : w.axes().get(a)).toList();
      trace.set(
          node.output(),
          follow(node, w, axes, source.stream().map(a -> a < 0 ? 1L : w.size(a)).toList()));
    } else {
      List<SymbolicAxis> axes = trace.activation(node, 0).axes();
      trace.set(
          node, source.stream().map(a -> a < 0 ? SymbolicAxis.plain(1) : axes.get(a)).toList());
    }
  }

  static void expand(OperatorNode node, Trace trace) throws Untraceable {
    List<Long> shape =
        trace
            .integers(node, "shape", 1)
            .orElseThrow(() -> new Untraceable("its shape is not known"));
    if (trace.input(node, 0) instanceof Weight w) {
      trace.set(node.output(), expandWeight(node, w, shape));
      return;
    }
    Activation x = trace.activation(node, 0);
    int rank = Math.max(shape.size(), x.rank());
    List<SymbolicAxis> axes = new ArrayList<>();
    for (int a = 0; a < rank; a++) {
      int own = a - (rank - x.rank());
      int asked = a - (rank - shape.size());
      long target = asked < 0 ? 1 : shape.get(asked);
      if (own < 0) {
        axes.add(SymbolicAxis.plain(target));
      } else if (target == 1 || target == x.axis(own).size()) {
        axes.add(x.axis(own));
      } else {
        trace.pin(node, x.axis(own), "spreads them over an axis");
        axes.add(SymbolicAxis.plain(target));
      }
    }
    trace.set(node, axes);
  }

  private static Weight expandWeight(OperatorNode node, Weight w, List<Long> shape)
      throws Untraceable {
    int rank = Math.max(shape.size(), w.rank());
    List<Integer> axes = new ArrayList<>();
    List<Long> sizes = new ArrayList<>();
    for (int a = 0; a < rank; a++) {
      int own = a - (rank - w.rank());
      int asked = a - (rank - shape.size());
      long size = own < 0 ? 1 : w.size(own);
      long target = asked < 0 || shape.get(asked) == 1 ? size : shape.get(asked);
      if (size != target && size != 1) {
        throw new Untraceable("it expands " + w.sizes() + " to " + shape);
      }
      axes.add(own < 0 || size != target ? Weight.NONE : w.axes().get(own));
      sizes.add(target);
    }
    return follow(node, w, axes, sizes);
  }

  private static List<Long> sizes(Trace trace, OperatorNode node) throws Untraceable {
    return trace.input(node, 0) instanceof Weight w
        ? w.sizes()
        : trace.activation(node, 0).axes().stream().map(SymbolicAxis::size).toList();
  }

  static long product(List<Long> sizes) throws Untraceable {
    long product = 1;
    for (long size : sizes) {
      try {
        product = Math.multiplyExact(product, size);
      } catch (ArithmeticException e) {
        throw new Untraceable("its sizes are too large");
      }
    }
    return product;
  }

  static long sum(List<Long> sizes) {
    return sizes.stream().mapToLong(Long::longValue).sum();
  }
}
