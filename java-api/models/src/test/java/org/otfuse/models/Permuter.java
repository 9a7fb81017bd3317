package org.otfuse.models;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.otfuse.Architecture;
import org.otfuse.Model;
import org.otfuse.NeuronGroup;
import org.otfuse.TensorLayout;
import org.otfuse.TensorLayout.Segment;

/** Puts the neurons of every group that may move into a random order, one value at a time. */
public final class Permuter {
  private final Model model;
  private final List<int[]> orders = new ArrayList<>();

  private Permuter(Model model, long seed) {
    this.model = model;
    Random random = new Random(seed);
    for (NeuronGroup group : model.architecture().groups()) {
      List<Integer> order = new ArrayList<>();
      for (int i = 0; i < group.size(); i++) {
        order.add(i);
      }
      if (group.pinned().isEmpty()) {
        Collections.shuffle(order, random);
      }
      orders.add(order.stream().mapToInt(Integer::intValue).toArray());
    }
  }

  public static Model permute(Model model, long seed) {
    return new Permuter(model, seed).permute();
  }

  private Model permute() {
    Architecture architecture = model.architecture();
    List<FloatBuffer> tensors = new ArrayList<>();
    for (int t = 0; t < architecture.tensors().size(); t++) {
      tensors.add(permute(architecture.tensors().get(t), model.tensors().get(t)));
    }
    return new Model("permuted " + model.name(), architecture, tensors);
  }

  private FloatBuffer permute(TensorLayout layout, FloatBuffer from) {
    FloatBuffer to = FloatBuffer.allocate(layout.length());
    int offset = 0;
    for (TensorLayout.Slab slab : layout.slabs()) {
      List<int[]> sources = slab.axes().stream().map(this::sources).toList();
      int length = slab.length();
      for (int i = 0; i < length; i++) {
        int rest = i;
        int source = 0;
        int stride = 1;
        for (int axis = sources.size() - 1; axis >= 0; axis--) {
          int size = sources.get(axis).length;
          source += stride * sources.get(axis)[rest % size];
          rest /= size;
          stride *= size;
        }
        to.put(offset + i, from.get(from.position() + offset + source));
      }
      offset += length;
    }
    return to;
  }

  private int[] sources(TensorLayout.Axis axis) {
    int[] sources = new int[axis.size()];
    int start = 0;
    for (Segment segment : axis.segments()) {
      for (int i = 0; i < segment.size(); i++) {
        sources[start + i] =
            segment.group() == Segment.PLAIN
                ? start + i
                : start
                    + orders.get(segment.group())[i / segment.block()] * segment.block()
                    + i % segment.block();
      }
      start += segment.size();
    }
    return sources;
  }
}
