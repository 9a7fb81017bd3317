package org.otfuse.models.closedform;

import java.util.ArrayList;
import java.util.List;
import org.otfuse.TensorLayout;
import org.otfuse.TensorLayout.Axis;
import org.otfuse.TensorLayout.Segment;
import org.otfuse.TensorLayout.Slab;

/** Which neurons index what a layer reads and computes. */
final class Axes {
  private Axes() {}

  /**
   * Neurons on the axis of what a layer reads.
   *
   * @param group whose, or {@link Segment#PLAIN}
   * @param block consecutive indices of each neuron
   * @param slab the block of channels that reads them
   * @param first index on the weight's own axis
   * @param place index on the axis of the value
   * @param size indices in all
   */
  record Part(int group, int block, int slab, int first, int place, int size) {}

  /** The neurons that a layer computes, an axis for each block of channels. */
  static List<Axis> outputs(Network network, Layer layer) {
    TensorLayout layout = network.architecture().tensors().get(layer.weight());
    int axis = layer.kind().outputsFirst() ? 0 : 1;
    return layout.slabs().stream().map(slab -> slab.axes().get(axis)).toList();
  }

  /** The neurons that a layer reads; none where each only reads its own channel. */
  static List<Part> inputs(Network network, Layer layer) {
    TensorLayout layout = network.architecture().tensors().get(layer.weight());
    List<Part> parts = new ArrayList<>();
    if (layer.blocks() > 1 && layout.slabs().size() == 1) {
      return parts;
    }
    int axis = layer.kind().outputsFirst() ? 1 : 0;
    int place = 0;
    for (int s = 0; s < layout.slabs().size(); s++) {
      Slab slab = layout.slabs().get(s);
      int first = 0;
      for (Segment segment : slab.axes().get(axis).segments()) {
        parts.add(
            new Part(segment.group(), segment.block(), s, first, place + first, segment.size()));
        first += segment.size();
      }
      place += first;
    }
    return parts;
  }

  /** The map of what a model's layer computes to what the fused network's does. */
  static Mapping outputMap(Network network, Layer layer, MergePlan plan, int model) {
    List<int[]> sources = new ArrayList<>();
    List<double[]> coefficients = new ArrayList<>();
    int from = 0;
    for (Axis axis : outputs(network, layer)) {
      for (Segment s : axis.segments()) {
        Mapping map =
            s.group() == Segment.PLAIN
                ? Mapping.identity(s.size(), plan.weight(model))
                : plan.output(model, s.group());
        for (int j = 0; j < map.to() * s.block(); j++) {
          int[] own = map.sources()[j / s.block()];
          int[] indices = new int[own.length];
          for (int i = 0; i < own.length; i++) {
            indices[i] = from + own[i] * s.block() + j % s.block();
          }
          sources.add(indices);
          coefficients.add(map.coefficients()[j / s.block()]);
        }
        from += s.size();
      }
    }
    return new Mapping(from, sources.toArray(int[][]::new), coefficients.toArray(double[][]::new));
  }
}
