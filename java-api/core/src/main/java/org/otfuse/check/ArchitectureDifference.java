package org.otfuse.check;

import java.util.List;
import java.util.Optional;
import org.otfuse.Architecture;
import org.otfuse.NeuronGroup;
import org.otfuse.TensorLayout;
import org.otfuse.TensorLayout.Axis;
import org.otfuse.TensorLayout.Segment;
import org.otfuse.TensorLayout.Slab;

/** Finds the first place where two architectures cannot be fused. */
public final class ArchitectureDifference {
  private final Architecture found;
  private final Architecture expected;

  private ArchitectureDifference(Architecture found, Architecture expected) {
    this.found = found;
    this.expected = expected;
  }

  public static Optional<String> first(Architecture found, Architecture expected) {
    return new ArchitectureDifference(found, expected).first();
  }

  private Optional<String> first() {
    Optional<String> function = FunctionDifference.first(found.function(), expected.function());
    if (function.isPresent()) {
      return function;
    }
    for (int t = 0; t < Math.min(found.tensors().size(), expected.tensors().size()); t++) {
      Optional<String> difference = tensor(found.tensors().get(t), expected.tensors().get(t));
      if (difference.isPresent()) {
        return difference;
      }
    }
    if (found.tensors().size() != expected.tensors().size()) {
      return Optional.of(count("tensors", found.tensors(), expected.tensors()));
    }
    if (found.groups().size() != expected.groups().size()) {
      return Optional.of(count("neuron groups", found.groups(), expected.groups()));
    }
    for (int g = 0; g < found.groups().size(); g++) {
      Optional<String> difference = group(found.groups().get(g), expected.groups().get(g));
      if (difference.isPresent()) {
        return difference;
      }
    }
    return Optional.empty();
  }

  private static String count(String what, List<?> found, List<?> expected) {
    return "it has " + found.size() + " " + what + ", expected " + expected.size();
  }

  private Optional<String> group(NeuronGroup found, NeuronGroup expected) {
    if (found.pinned().isPresent() != expected.pinned().isPresent()) {
      return Optional.of(
          "neuron group %s is %s, expected %s"
              .formatted(found.name(), pinning(found), pinning(expected)));
    }
    if (found.pinned().isPresent() && found.size() != expected.size()) {
      return Optional.of(
          "neuron group %s, which is pinned (%s), has %d neurons, expected %d"
              .formatted(found.name(), found.pinned().get(), found.size(), expected.size()));
    }
    if (found.producers().size() != expected.producers().size()) {
      return Optional.of(
          "neuron group %s has %d producers, expected %d"
              .formatted(found.name(), found.producers().size(), expected.producers().size()));
    }
    return Optional.empty();
  }

  private static String pinning(NeuronGroup group) {
    return group.pinned().map(reason -> "pinned (" + reason + ")").orElse("not pinned");
  }

  private static Optional<String> tensor(TensorLayout found, TensorLayout expected) {
    String head = "tensor " + found.name() + " has shape " + found.shape() + ", expected ";
    if (found.shape().size() != expected.shape().size()
        || found.slabs().size() != expected.slabs().size()) {
      return Optional.of(head + expected.shape() + " as in " + expected.name());
    }
    for (int s = 0; s < found.slabs().size(); s++) {
      Slab a = found.slabs().get(s);
      Slab b = expected.slabs().get(s);
      for (int axis = 0; axis < a.axes().size(); axis++) {
        if (!alike(a.axes().get(axis), b.axes().get(axis))) {
          return Optional.of(
              "%s%s as in %s (axis %d differs in more than the number of neurons)"
                  .formatted(head, expected.shape(), expected.name(), axis));
        }
      }
    }
    return Optional.empty();
  }

  private static boolean alike(Axis a, Axis b) {
    if (a.role() != b.role() || a.segments().size() != b.segments().size()) {
      return false;
    }
    for (int i = 0; i < a.segments().size(); i++) {
      Segment x = a.segments().get(i);
      Segment y = b.segments().get(i);
      boolean sameSize = x.group() != Segment.PLAIN || x.size() == y.size();
      if (x.group() != y.group() || x.block() != y.block() || !sameSize) {
        return false;
      }
    }
    return true;
  }
}
