package org.otfuse.check;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.otfuse.NeuronGroup;
import org.otfuse.Producer;
import org.otfuse.TensorLayout;
import org.otfuse.TensorLayout.Axis;
import org.otfuse.TensorLayout.Segment;
import org.otfuse.TensorLayout.Slab;

/** Refuses tensors and groups that name what is not there or disagree about sizes. */
public final class ArchitectureChecks {
  private final List<TensorLayout> tensors;
  private final List<NeuronGroup> groups;

  public ArchitectureChecks(List<TensorLayout> tensors, List<NeuronGroup> groups) {
    this.tensors = tensors;
    this.groups = groups;
  }

  public void check() {
    requireDifferent("tensors", tensors.stream().map(TensorLayout::name).toList());
    requireDifferent("neuron groups", groups.stream().map(NeuronGroup::name).toList());
    for (TensorLayout tensor : tensors) {
      for (Slab slab : tensor.slabs()) {
        for (Axis axis : slab.axes()) {
          axis.segments().forEach(segment -> check(segment, tensor));
        }
      }
    }
    for (NeuronGroup group : groups) {
      group.producers().forEach(producer -> check(producer, group));
    }
  }

  private static void requireDifferent(String what, List<String> names) {
    Set<String> seen = new HashSet<>();
    for (String name : names) {
      require(seen.add(name), "two %s are named %s, expected different names", what, name);
    }
  }

  private void check(Segment segment, TensorLayout tensor) {
    if (segment.group() == Segment.PLAIN) {
      return;
    }
    require(
        segment.group() < groups.size(),
        "tensor %s names neuron group %d, expected one of %d",
        tensor.name(),
        segment.group(),
        groups.size());
    NeuronGroup group = groups.get(segment.group());
    long size = (long) group.size() * segment.block();
    require(
        size == segment.size(),
        "tensor %s has %d indices for neuron group %s, expected %d for its %d neurons in blocks of"
            + " %d",
        tensor.name(),
        segment.size(),
        group.name(),
        size,
        group.size(),
        segment.block());
  }

  private void check(Producer producer, NeuronGroup group) {
    Place place = new Place(producer, group);
    List<Slab> slabs = tensor(producer.weight(), place).slabs();
    place.requireIndex("slab", producer.slab(), slabs.size());
    List<Axis> axes = slabs.get(producer.slab()).axes();
    place.requireIndex("output axis", producer.outputAxis(), axes.size());
    place.requireRoom(
        "row", producer.firstRow(), axes.get(producer.outputAxis()).size(), producer.weight());
    producer.bias().ifPresent(bias -> checkVector(bias, place));
    producer
        .normalization()
        .ifPresent(
            n -> {
              for (int tensor : new int[] {n.gamma(), n.beta(), n.mean(), n.variance()}) {
                checkVector(tensor, place);
              }
            });
  }

  private void checkVector(int tensor, Place place) {
    int length = tensor(tensor, place).length();
    place.requireRoom("value", place.producer.firstParameter(), length, tensor);
  }

  private TensorLayout tensor(int index, Place place) {
    place.requireIndex("tensor", index, tensors.size());
    return tensors.get(index);
  }

  /** One producer of a group, for messages. */
  private record Place(Producer producer, NeuronGroup group) {
    void requireIndex(String what, int index, int count) {
      require(
          index >= 0 && index < count,
          "layer %s of neuron group %s names %s %d, expected one of %d",
          producer.node(),
          group.name(),
          what,
          index,
          count);
    }

    void requireRoom(String what, int first, int length, int tensor) {
      require(
          first >= 0 && first <= length - group.size(),
          "layer %s has the %d neurons of group %s from %s %d of tensor %d on, expected a part of"
              + " %d",
          producer.node(),
          group.size(),
          group.name(),
          what,
          first,
          tensor,
          length);
    }
  }

  private static void require(boolean holds, String message, Object... arguments) {
    if (!holds) {
      throw new IllegalArgumentException(message.formatted(arguments));
    }
  }
}
