package org.otfuse.models.statistics;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.otfuse.Architecture;
import org.otfuse.Model;
import org.otfuse.NeuronGroup;
import org.otfuse.Producer;
import org.otfuse.TensorLayout;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.statistics.MomentGraph.Correction;
import org.otfuse.models.trace.WeightUses;

/**
 * REPAIR of Jordan et al. (2023), section 4, for every producer: the goal is the weighted mean of
 * the aligned models' means and standard deviations, and y = x * scale + shift is folded into the
 * weights that compute x.
 */
final class Repair implements MomentPass.Corrections {
  private final List<ActivationMoments> aligned;
  private final List<Double> weights;
  private final List<MomentPass.Place> places = new ArrayList<>();
  private final List<List<Part>> parts = new ArrayList<>();
  private final Map<Integer, Goal> goals = new HashMap<>();

  /** The neurons of one group in a value. */
  private record Part(int group, int index, Producer producer, int size) {
    boolean canShift() {
      return producer.normalization().isPresent() || producer.bias().isPresent();
    }
  }

  /** The moments that a value shall have [width]; no deviation where it stays as it is. */
  private record Goal(double[] mean, double[] deviation) {}

  Repair(OnnxModel model, List<ActivationMoments> aligned, List<Double> weights) {
    this.aligned = aligned;
    this.weights = weights;
    Architecture architecture = model.model().architecture();
    Map<MomentPass.Place, List<Part>> byPlace = new LinkedHashMap<>();
    for (int g = 0; g < architecture.groups().size(); g++) {
      NeuronGroup group = architecture.groups().get(g);
      for (int p = 0; group.pinned().isEmpty() && p < group.producers().size(); p++) {
        Producer producer = group.producers().get(p);
        if (isAlone(producer, model.uses())) {
          byPlace
              .computeIfAbsent(
                  new MomentPass.Place(producer.tap().value(), producer.tap().axis()),
                  place -> new ArrayList<>())
              .add(new Part(g, p, producer, group.size()));
        }
      }
    }
    byPlace.forEach(
        (place, found) -> {
          places.add(place);
          parts.add(found);
        });
  }

  /** Whether scaling the producer changes nothing else. */
  private static boolean isAlone(Producer producer, WeightUses uses) {
    return producer.normalization().isPresent() || uses.counts().get(producer.weight()) == 1;
  }

  List<MomentPass.Place> places() {
    return places;
  }

  @Override
  public Correction of(int place, int width) {
    Goal goal = new Goal(new double[width], new double[width]);
    for (Part part : parts.get(place)) {
      for (int k = 0; k < weights.size(); k++) {
        double[] mean = aligned.get(k).mean(part.group, part.index);
        double[] variance = aligned.get(k).variance(part.group, part.index);
        for (int i = 0; i < mean.length; i++) {
          int at = part.producer.tap().first() + i;
          goal.mean[at] += weights.get(k) * mean[i];
          goal.deviation[at] += weights.get(k) * Math.sqrt(variance[i]);
        }
      }
    }
    goals.put(place, goal);
    boolean shift = parts.get(place).get(0).canShift();
    return new Correction.Match(floats(goal.mean), floats(goal.deviation), shift);
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  @Override
  public OnnxModel write(OnnxModel model, int place, Moments moments) {
    Goal goal = goals.get(place);
    double[] scale = new double[goal.mean.length];
    double[] shift = new double[goal.mean.length];
    Arrays.fill(scale, 1);
    for (int i = 0; i < scale.length; i++) {
      double mean = moments.mean(i);
      double variance = moments.variance(i);
      if (goal.deviation[i] > 0 && variance > MomentGraph.NOISE * mean * mean) {
        scale[i] = goal.deviation[i] / Math.sqrt(variance);
        shift[i] = goal.mean[i] - mean * scale[i];
      }
    }
    Rescaling rescaling = new Rescaling(model.model());
    for (Part part : parts.get(place)) {
      rescaling.apply(part.producer, part.size, scale, shift);
    }
    return model.withTensors(rescaling.model());
  }

  /** Folds scales and shifts into copies of weights. */
  private static final class Rescaling {
    private final Model model;
    private final List<FloatBuffer> tensors;
    private final Set<Integer> copied = new HashSet<>();

    Rescaling(Model model) {
      this.model = model;
      this.tensors = new ArrayList<>(model.tensors());
    }

    Model model() {
      return new Model(model.name(), model.architecture(), tensors);
    }

    /** Scales and shifts the neurons of a producer; the arrays are indexed like its tap's axis. */
    void apply(Producer producer, int size, double[] scale, double[] shift) {
      int tap = producer.tap().first();
      int first = producer.firstParameter();
      if (producer.normalization().isPresent()) {
        Producer.Normalization n = producer.normalization().get();
        vector(n.gamma(), first, size, tap, scale, new double[shift.length]);
        vector(n.beta(), first, size, tap, scale, shift);
        return;
      }
      scaleRows(producer, size, scale);
      producer.bias().ifPresent(bias -> vector(bias, first, size, tap, scale, shift));
    }

    private void vector(int tensor, int first, int size, int tap, double[] scale, double[] shift) {
      FloatBuffer values = copy(tensor);
      for (int i = 0; i < size; i++) {
        double value = values.get(first + i);
        values.put(first + i, (float) (value * scale[tap + i] + shift[tap + i]));
      }
    }

    private void scaleRows(Producer producer, int size, double[] scale) {
      TensorLayout layout = model.architecture().tensors().get(producer.weight());
      int offset = 0;
      for (int s = 0; s < producer.slab(); s++) {
        offset += layout.slabs().get(s).length();
      }
      List<TensorLayout.Axis> axes = layout.slabs().get(producer.slab()).axes();
      int length = layout.slabs().get(producer.slab()).length();
      int rows = axes.get(producer.outputAxis()).size();
      int inner = 1;
      for (int a = producer.outputAxis() + 1; a < axes.size(); a++) {
        inner *= axes.get(a).size();
      }
      FloatBuffer values = copy(producer.weight());
      for (int i = 0; i < length; i++) {
        int neuron = i / inner % rows - producer.firstRow();
        if (neuron >= 0 && neuron < size) {
          double value = values.get(offset + i);
          values.put(offset + i, (float) (value * scale[producer.tap().first() + neuron]));
        }
      }
    }

    private FloatBuffer copy(int tensor) {
      if (copied.add(tensor)) {
        FloatBuffer from = tensors.get(tensor).duplicate();
        tensors.set(tensor, FloatBuffer.allocate(from.remaining()).put(from).rewind());
      }
      return tensors.get(tensor);
    }
  }
}
