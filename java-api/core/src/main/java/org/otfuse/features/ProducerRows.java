package org.otfuse.features;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import org.otfuse.NeuronGroup;
import org.otfuse.Producer;
import org.otfuse.TensorLayout;
import org.otfuse.device.DeviceModel;

/**
 * The rows of a group's producers in one model: what is folded into them, and how large they are.
 */
final class ProducerRows {
  private final DeviceModel model;
  private final NeuronGroup group;
  private final Map<Integer, FoldedProducer> folded = new HashMap<>();

  /** Folds the biases and normalisations of the given producers. */
  ProducerRows(DeviceModel model, int g, List<Integer> producers) {
    this.model = model;
    this.group = model.architecture().groups().get(g);
    for (int p : producers) {
      Producer producer = group.producers().get(p);
      folded.put(p, FoldedProducer.of(model.model(), producer, group.size()));
    }
  }

  DeviceModel model() {
    return model;
  }

  NeuronGroup group() {
    return group;
  }

  FoldedProducer folded(int producer) {
    return folded.get(producer);
  }

  /**
   * A magnitude that no feature exceeds before the input maps: the largest of each tensor times the
   * largest factor. Rows that share their tensor with others are looked at themselves.
   */
  double largest() {
    double largest = 0;
    for (Map.Entry<Integer, FoldedProducer> entry : folded.entrySet()) {
      Producer producer = group.producers().get(entry.getKey());
      FoldedProducer own = entry.getValue();
      double factor = own.scale().map(ProducerRows::largest).orElse(1.0);
      largest = Math.max(largest, factor * largest(producer));
      largest = Math.max(largest, own.bias().map(ProducerRows::largest).orElse(0.0));
    }
    return largest;
  }

  private double largest(Producer producer) {
    List<TensorLayout.Slab> slabs = model.architecture().tensors().get(producer.weight()).slabs();
    boolean whole =
        slabs.size() == 1 && slabs.get(0).axes().get(producer.outputAxis()).size() == group.size();
    if (whole) {
      return model.largest(producer.weight());
    }
    double[] magnitudes = new double[group.size()];
    raise(producer, ones(), magnitudes);
    return largest(magnitudes);
  }

  /** The largest feature of each neuron before the input maps. */
  double[] magnitudes() {
    double[] magnitudes = new double[group.size()];
    folded.forEach(
        (p, own) -> {
          raise(group.producers().get(p), own.scale().orElseGet(this::ones), magnitudes);
          double[] bias = own.bias().orElseGet(() -> new double[group.size()]);
          Arrays.setAll(magnitudes, i -> Math.max(magnitudes[i], Math.abs(bias[i])));
        });
    return magnitudes;
  }

  private void raise(Producer producer, double[] factors, double[] magnitudes) {
    SlabRows.Place place = SlabRows.Place.of(producer, group.size());
    SlabRows.raise(model.model(), place, factors, magnitudes);
  }

  private double[] ones() {
    return DoubleStream.generate(() -> 1).limit(group.size()).toArray();
  }

  private static double largest(double[] values) {
    return Arrays.stream(values).map(Math::abs).max().orElse(0);
  }
}
