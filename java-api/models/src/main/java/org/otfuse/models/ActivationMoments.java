package org.otfuse.models;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.otfuse.Architecture;
import org.otfuse.BackendUnavailableException;
import org.otfuse.Coupling;
import org.otfuse.InvalidInputException;
import org.otfuse.NeuronGroup;
import org.otfuse.Progress;
import org.otfuse.UnsupportedModelException;

/**
 * Mean and variance of what each neuron of a model computes, over samples and positions, as
 * statistics repair needs them (Jordan et al., "REPAIR", 2023). Takes memory for two numbers a
 * neuron, however many samples there are. Immutable and thread-safe.
 */
public final class ActivationMoments {
  /** What the neurons of one producer compute, [n] each. */
  private record Outputs(double[] mean, double[] variance) {}

  private final List<String> names;
  private final List<List<Outputs>> outputs;

  private ActivationMoments(List<String> names, List<List<Outputs>> outputs) {
    this.names = names;
    this.outputs = outputs;
  }

  /**
   * Runs a model on samples and adds up its producers' outputs, after their normalization and
   * before the nonlinearity.
   *
   * @param onnx the bytes of an ONNX file
   * @param modelName what messages call the model
   * @param architecture of this model, with its own sizes
   * @param samples the calibration samples; labels are not needed
   * @param progress hears how many samples are done
   * @return the moments of all groups that may move
   * @throws InvalidInputException if the model expects other images or lacks an activation of the
   *     architecture
   * @throws UnsupportedModelException if the model fails, or an activation has no axis of samples
   *     first
   * @throws BackendUnavailableException if ONNX Runtime has no native code for this platform
   */
  public static ActivationMoments capture(
      byte[] onnx,
      String modelName,
      Architecture architecture,
      Dataset samples,
      Progress progress) {
    Map<ActivationTaps.Tap, Moments> moments = new HashMap<>();
    try (ActivationTaps taps = ActivationTaps.open(onnx, modelName, architecture, samples)) {
      taps.layouts().keySet().forEach(tap -> moments.put(tap, new Moments(tap.size())));
      taps.run(
          (tap, layout, firstSample, count, values) ->
              add(moments.get(tap), tap, layout, count, values),
          progress);
    }
    List<String> names = new ArrayList<>();
    List<List<Outputs>> outputs = new ArrayList<>();
    for (NeuronGroup group : architecture.groups()) {
      names.add(group.name());
      outputs.add(
          group.pinned().isPresent()
              ? List.of()
              : group.producers().stream()
                  .map(producer -> outputs(moments.get(ActivationTaps.tap(group, producer))))
                  .toList());
    }
    return new ActivationMoments(names, outputs);
  }

  private static Outputs outputs(Moments moments) {
    double[] mean = new double[moments.neurons()];
    double[] variance = new double[moments.neurons()];
    Arrays.setAll(mean, moments::mean);
    Arrays.setAll(variance, moments::variance);
    return new Outputs(mean, variance);
  }

  /**
   * The moments that the neurons of an anchor have in place of this model's: the mean and the
   * standard deviation of neuron j are the means of those of the model's neurons, each weighed by
   * the mass that it sends to j. For a permutation these are the moments of the aligned model. A
   * soft map blurs an aligned model, whose neurons vary less than any that they are made of; what
   * is carried here does not shrink.
   *
   * @param couplings one a group, in order, that of the model with the anchor; empty for a group
   *     that stays as it is
   * @return the moments of groups with the anchor's sizes
   * @throws InvalidInputException if there are not as many couplings as groups, or one is of
   *     another size than its group
   */
  public ActivationMoments carried(List<Optional<Coupling>> couplings) {
    if (couplings.size() != names.size()) {
      throw new InvalidInputException(
          "%d couplings were given for %d neuron groups, expected one for each"
              .formatted(couplings.size(), names.size()));
    }
    List<List<Outputs>> carried = new ArrayList<>();
    for (int g = 0; g < names.size(); g++) {
      List<Outputs> own = outputs.get(g);
      if (couplings.get(g).isPresent()) {
        Coupling coupling = couplings.get(g).get();
        String name = names.get(g);
        own = own.stream().map(neurons -> carried(name, neurons, coupling)).toList();
      }
      carried.add(own);
    }
    return new ActivationMoments(names, carried);
  }

  private static Outputs carried(String group, Outputs of, Coupling coupling) {
    int m = coupling.columns();
    if (coupling.rows() != of.mean.length) {
      throw new InvalidInputException(
          "the coupling of neuron group %s has %d rows, expected %d, one a neuron"
              .formatted(group, coupling.rows(), of.mean.length));
    }
    double[] mass = new double[m];
    double[] mean = new double[m];
    double[] deviation = new double[m];
    for (int i = 0; i < coupling.rows(); i++) {
      double own = Math.sqrt(of.variance[i]);
      for (int j = 0; j < m; j++) {
        double share = coupling.values()[i * m + j];
        mass[j] += share;
        mean[j] += share * of.mean[i];
        deviation[j] += share * own;
      }
    }
    for (int j = 0; j < m; j++) {
      double whole = mass[j] > 0 ? mass[j] : 1;
      mean[j] /= whole;
      deviation[j] *= deviation[j] / (whole * whole);
    }
    return new Outputs(mean, deviation);
  }

  /**
   * The mean output of each neuron.
   *
   * @param group index of the neuron group
   * @param producer index among the group's producers
   * @return a copy [n], n the group's size
   * @throws InvalidInputException if the group is pinned
   */
  public double[] mean(int group, int producer) {
    return of(group, producer).mean.clone();
  }

  /**
   * The variance of each neuron's output, the mean squared distance from the mean.
   *
   * @param group index of the neuron group
   * @param producer index among the group's producers
   * @return a copy [n], n the group's size
   * @throws InvalidInputException if the group is pinned
   */
  public double[] variance(int group, int producer) {
    return of(group, producer).variance.clone();
  }

  private Outputs of(int group, int producer) {
    if (outputs.get(group).isEmpty()) {
      throw new InvalidInputException(
          "neuron group %s is pinned, expected one that may move".formatted(names.get(group)));
    }
    return outputs.get(group).get(producer);
  }

  /** Adds a batch, each neuron in two passes. */
  private static void add(
      Moments moments,
      ActivationTaps.Tap tap,
      ActivationTaps.Layout layout,
      int samples,
      FloatBuffer values) {
    int blocks = samples * layout.outer();
    long added = (long) blocks * layout.inner();
    for (int i = 0; i < tap.size(); i++) {
      double sum = 0;
      for (int block = 0; block < blocks; block++) {
        int from = (block * layout.width() + tap.first() + i) * layout.inner();
        for (int p = 0; p < layout.inner(); p++) {
          sum += values.get(from + p);
        }
      }
      double mean = sum / added;
      double squares = 0;
      for (int block = 0; block < blocks; block++) {
        int from = (block * layout.width() + tap.first() + i) * layout.inner();
        for (int p = 0; p < layout.inner(); p++) {
          double distance = values.get(from + p) - mean;
          squares += distance * distance;
        }
      }
      moments.join(i, mean, squares, added);
    }
    moments.count(added);
  }
}
