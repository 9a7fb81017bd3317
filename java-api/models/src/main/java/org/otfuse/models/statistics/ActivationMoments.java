package org.otfuse.models.statistics;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.otfuse.Architecture;
import org.otfuse.BackendUnavailableException;
import org.otfuse.Coupling;
import org.otfuse.InvalidInputException;
import org.otfuse.NeuronGroup;
import org.otfuse.Producer;
import org.otfuse.Progress;
import org.otfuse.UnsupportedModelException;
import org.otfuse.models.Dataset;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.runtime.ActivationTaps;

/**
 * Mean and variance of what each neuron of a model computes, over samples and positions, as
 * statistics repair needs them (Jordan et al., "REPAIR", 2023). Takes memory for a few numbers a
 * neuron, however many samples there are. Immutable and thread-safe.
 */
public final class ActivationMoments {
  /** What the neurons of one producer compute, [n] each. */
  record Outputs(double[] mean, double[] variance) {
    /** Samples do not show what the producer computes. */
    static final Outputs UNKNOWN = new Outputs(new double[0], new double[0]);
  }

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
   * @param model the model
   * @param samples the calibration samples; labels are not needed
   * @param progress hears how many samples are done
   * @return the moments of all groups that may move
   * @throws InvalidInputException if the model expects other images
   * @throws UnsupportedModelException if the model fails
   * @throws BackendUnavailableException if ONNX Runtime has no native code for this platform
   */
  public static ActivationMoments capture(OnnxModel model, Dataset samples, Progress progress) {
    return capture(
        model.toBytes(), model.model().name(), model.model().architecture(), samples, progress);
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
   * @throws UnsupportedModelException if the model fails
   * @throws BackendUnavailableException if ONNX Runtime has no native code for this platform
   */
  public static ActivationMoments capture(
      byte[] onnx,
      String modelName,
      Architecture architecture,
      Dataset samples,
      Progress progress) {
    List<Optional<Coupling>> stay =
        Collections.nCopies(architecture.groups().size(), Optional.empty());
    return carried(onnx, modelName, architecture, stay, samples, progress);
  }

  /**
   * Runs a model as {@link #capture} does for the moments that the neurons of an anchor have in
   * place of this model's: the mean and the standard deviation of neuron j are the means of those
   * of the model's neurons, each weighed by the mass that it sends to j. For a permutation these
   * are the moments of the aligned model. A soft map blurs an aligned model, whose neurons vary
   * less than any that they are made of; what is carried here does not shrink.
   *
   * <p>Where n neurons become m, fewer, it is otherwise: neuron j stands for r = n / m neurons at
   * once, and the next layer, whose weights are added up, receives r times their mean. That mean
   * varies less than they do unless they are one, and so shall j: by v / r + (1 - 1 / r) c, the
   * variance of the mean of r neurons of variance v whose covariance is c. v is the mean variance
   * of the neurons that send mass to j, and c the mean covariance of two of them. So a map that
   * only merges neurons keeps what it merges, and one that is soft besides does not shrink it
   * further.
   *
   * @param onnx the bytes of an ONNX file
   * @param modelName what messages call the model
   * @param architecture of this model, with its own sizes
   * @param couplings one a group, in order, that of the model with the anchor; empty for a group
   *     that stays as it is
   * @param samples the calibration samples; labels are not needed
   * @param progress hears how many samples are done
   * @return the moments of groups with the anchor's sizes
   * @throws InvalidInputException if there are not as many couplings as groups, one is of another
   *     size than its group, the model expects other images or lacks an activation
   * @throws UnsupportedModelException if the model fails
   * @throws BackendUnavailableException if ONNX Runtime has no native code for this platform
   */
  public static ActivationMoments carried(
      byte[] onnx,
      String modelName,
      Architecture architecture,
      List<Optional<Coupling>> couplings,
      Dataset samples,
      Progress progress) {
    List<NeuronGroup> groups = architecture.groups();
    requireFit(groups, couplings);
    Map<ActivationTaps.Tap, CarriedMoments> moments = new HashMap<>();
    for (int g = 0; g < groups.size(); g++) {
      if (groups.get(g).pinned().isEmpty()) {
        for (Producer producer : groups.get(g).producers()) {
          ActivationTaps.Tap tap = ActivationTaps.tap(groups.get(g), producer);
          moments.put(tap, new CarriedMoments(tap, couplings.get(g)));
        }
      }
    }
    try (ActivationTaps taps = ActivationTaps.open(onnx, modelName, architecture, samples)) {
      moments.keySet().retainAll(taps.layouts().keySet());
      taps.run(
          (tap, layout, firstSample, count, values) -> moments.get(tap).add(layout, count, values),
          progress);
    }
    List<String> names = groups.stream().map(NeuronGroup::name).toList();
    List<List<Outputs>> outputs = new ArrayList<>();
    for (NeuronGroup group : groups) {
      outputs.add(
          group.pinned().isPresent()
              ? List.of()
              : group.producers().stream()
                  .map(producer -> moments.get(ActivationTaps.tap(group, producer)))
                  .map(found -> found == null ? Outputs.UNKNOWN : found.outputs())
                  .toList());
    }
    return new ActivationMoments(names, outputs);
  }

  private static void requireFit(List<NeuronGroup> groups, List<Optional<Coupling>> couplings) {
    if (couplings.size() != groups.size()) {
      throw new InvalidInputException(
          "%d couplings were given for %d neuron groups, expected one for each"
              .formatted(couplings.size(), groups.size()));
    }
    for (int g = 0; g < groups.size(); g++) {
      int n = groups.get(g).size();
      int rows = couplings.get(g).map(Coupling::rows).orElse(n);
      if (rows != n) {
        throw new InvalidInputException(
            "the coupling of neuron group %s has %d rows, expected %d, one a neuron"
                .formatted(groups.get(g).name(), rows, n));
      }
    }
  }

  /**
   * The mean output of each neuron.
   *
   * @param group index of the neuron group
   * @param producer index among the group's producers
   * @return a copy [n], n the group's size; empty if the value that the producer computes has no
   *     samples on its first axis
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
   * @return a copy [n], n the group's size; empty if the value that the producer computes has no
   *     samples on its first axis
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
}
