package org.otfuse.models.closedform;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.otfuse.TensorLayout;
import org.otfuse.TensorLayout.Axis;
import org.otfuse.TensorLayout.Role;
import org.otfuse.TensorLayout.Segment;
import org.otfuse.TensorLayout.Slab;

/** The weights that a plan gives the fused network before any is refit. */
final class MergedTensors {
  private final List<Network> models;
  private final MergePlan plan;
  private final Map<Integer, Integer> layers = new HashMap<>();

  MergedTensors(List<Network> models, MergePlan plan) {
    this.models = models;
    this.plan = plan;
    List<Layer> all = models.get(0).layers();
    for (int l = 0; l < all.size(); l++) {
      layers.putIfAbsent(all.get(l).weight(), l);
    }
  }

  /** An array under way: its values and the sizes of its axes. */
  private record Array(double[] values, int[] sizes) {}

  /** All tensors, in the architecture's order. */
  List<float[]> all() {
    int count = models.get(0).architecture().tensors().size();
    List<double[]> sums = new ArrayList<>();
    for (int t = 0; t < count; t++) {
      sums.add(merged(t));
    }
    addOffsets(sums);
    List<float[]> tensors = new ArrayList<>();
    for (double[] sum : sums) {
      float[] values = new float[sum.length];
      for (int i = 0; i < sum.length; i++) {
        values[i] = (float) sum[i];
      }
      tensors.add(values);
    }
    return tensors;
  }

  private double[] merged(int tensor) {
    double[] sum = null;
    for (int k = 0; k < models.size(); k++) {
      double[] mapped = mapped(k, tensor);
      if (sum == null) {
        sum = mapped;
      } else {
        for (int i = 0; i < sum.length; i++) {
          sum[i] += mapped[i];
        }
      }
    }
    return sum;
  }

  private double[] mapped(int k, int tensor) {
    Network model = models.get(k);
    TensorLayout layout = model.architecture().tensors().get(tensor);
    float[] values = model.values(tensor);
    List<double[]> parts = new ArrayList<>();
    int offset = 0;
    int total = 0;
    for (Slab slab : layout.slabs()) {
      double[] part = new double[slab.length()];
      for (int i = 0; i < part.length; i++) {
        part[i] = values[offset + i];
      }
      offset += part.length;
      double[] mapped = mapped(k, tensor, slab, part);
      parts.add(mapped);
      total += mapped.length;
    }
    double[] all = new double[total];
    int at = 0;
    for (double[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }

  private double[] mapped(int k, int tensor, Slab slab, double[] values) {
    int rank = slab.axes().size();
    int[] sizes = slab.axes().stream().mapToInt(Axis::size).toArray();
    Array array = new Array(values, sizes);
    boolean weighted = false;
    for (int a = 0; a < rank; a++) {
      Axis axis = slab.axes().get(a);
      boolean moves = axis.segments().stream().anyMatch(s -> s.group() != Segment.PLAIN);
      if (moves) {
        weighted |= axis.role() == Role.OUTPUT;
        array = mapped(array, a, k, tensor, axis);
      }
    }
    if (!weighted) {
      for (int i = 0; i < array.values.length; i++) {
        array.values[i] *= plan.weight(k);
      }
    }
    return array.values;
  }

  private Array mapped(Array array, int a, int k, int tensor, Axis axis) {
    int outer = 1;
    int inner = 1;
    for (int i = 0; i < array.sizes.length; i++) {
      outer *= i < a ? array.sizes[i] : 1;
      inner *= i > a ? array.sizes[i] : 1;
    }
    List<Mapping> maps = new ArrayList<>();
    int size = 0;
    for (Segment s : axis.segments()) {
      Mapping map = map(k, tensor, axis.role(), s);
      maps.add(map);
      size += map.to() * s.block();
    }
    double[] out = new double[outer * size * inner];
    int from = 0;
    int to = 0;
    for (int i = 0; i < maps.size(); i++) {
      Mapping map = maps.get(i);
      int run = axis.segments().get(i).block() * inner;
      map.add(array.values, from, axis.size() * inner, out, to, size * inner, outer, run);
      from += map.from() * run;
      to += map.to() * run;
    }
    int[] sizes = array.sizes.clone();
    sizes[a] = size;
    return new Array(out, sizes);
  }

  private Mapping map(int k, int tensor, Role role, Segment s) {
    if (s.group() == Segment.PLAIN) {
      return Mapping.identity(s.size(), role == Role.OUTPUT ? plan.weight(k) : 1);
    }
    return role == Role.OUTPUT
        ? plan.output(k, s.group())
        : plan.input(k, layers.getOrDefault(tensor, -1), s.group());
  }

  /** What readers with a bias make of the part of neurons that does not vary. */
  private void addOffsets(List<double[]> sums) {
    List<Layer> all = models.get(0).layers();
    for (int l = 0; l < all.size(); l++) {
      Layer layer = all.get(l);
      if (layer.shift().isEmpty()) {
        continue;
      }
      double[] sum = sums.get(layer.shift().getAsInt());
      for (int k = 0; k < models.size(); k++) {
        double[] shift = shift(k, l);
        double factor = layer.alpha() / layer.shiftFactor();
        int at = 0;
        for (Axis axis : Axes.outputs(models.get(k), layer)) {
          int from = 0;
          for (Segment s : axis.segments()) {
            Mapping map = map(k, layer.weight(), Role.OUTPUT, s);
            double[] part = new double[map.from() * s.block()];
            System.arraycopy(shift, from, part, 0, part.length);
            for (int i = 0; i < part.length; i++) {
              part[i] *= factor;
            }
            map.add(part, 0, 0, sum, at, 0, 1, s.block());
            from += part.length;
            at += map.to() * s.block();
          }
          shift = Arrays.copyOfRange(shift, from, shift.length);
        }
      }
    }
  }

  /** The layer's product with the offsets of its inputs, a value for each of its neurons. */
  private double[] shift(int k, int l) {
    Network model = models.get(k);
    Layer layer = model.layers().get(l);
    double[] shift = new double[layer.neurons()];
    LayerWeights weights = new LayerWeights(model, layer);
    List<Axes.Part> inputs = Axes.inputs(model, layer);
    for (Axes.Part part : inputs) {
      if (part.group() == Segment.PLAIN) {
        continue;
      }
      double[] offset = plan.offset(k, l, part.group());
      for (int i = 0; i < part.size(); i++) {
        double value = offset[i / part.block()];
        if (value != 0) {
          weights.addColumn(shift, part.slab(), part.first() + i, value);
        }
      }
    }
    return shift;
  }
}
