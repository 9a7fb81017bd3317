package org.otfuse.models;

import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;
import org.otfuse.Activations;
import org.otfuse.Architecture;
import org.otfuse.BackendUnavailableException;
import org.otfuse.InvalidInputException;
import org.otfuse.NeuronGroup;
import org.otfuse.Progress;
import org.otfuse.UnsupportedModelException;
import org.otfuse.models.runtime.ActivationTaps;
import org.otfuse.models.runtime.FeaturePositions;

/**
 * Activation features of a model in an ONNX file, taken from ONNX Runtime. Holds n times d floats
 * for each producer of each group that may move, n the group's size and d at most the budget.
 * Immutable unless a caller writes into its buffers; thread-safe.
 *
 * <pre>{@code
 * ModelSource source =
 *     ModelSource.of(
 *         List.of(a.model(), b.model()),
 *         List.of(
 *             OnnxActivations.capture(a, samples, Progress.none()),
 *             OnnxActivations.capture(b, samples, Progress.none())));
 * FusionResult result = engine.fuse(source, FusionOptions.DEFAULTS, FusionListener.none());
 * }</pre>
 */
public final class OnnxActivations implements Activations {
  /** Features of each neuron, if samples times positions are not fewer. */
  public static final int DEFAULT_BUDGET = 16384;

  private final Architecture architecture;
  private final Map<ActivationTaps.Tap, float[]> features;

  private OnnxActivations(Architecture architecture, Map<ActivationTaps.Tap, float[]> features) {
    this.architecture = architecture;
    this.features = features;
  }

  /**
   * Runs a model on calibration samples and keeps at most {@link #DEFAULT_BUDGET} features of each
   * neuron.
   *
   * @param model the model
   * @param samples the calibration samples; labels are not needed
   * @param progress hears how many samples are done
   * @return the activations of all groups that may move
   * @throws InvalidInputException if the model expects other images
   * @throws UnsupportedModelException if the model fails or an activation is not finite
   * @throws BackendUnavailableException if ONNX Runtime has no native code for this platform
   */
  public static OnnxActivations capture(OnnxModel model, Dataset samples, Progress progress) {
    return capture(
        model.toBytes(),
        model.model().name(),
        model.model().architecture(),
        samples,
        DEFAULT_BUDGET,
        progress);
  }

  /**
   * Runs a model on calibration samples and keeps what its producers compute. The features of a
   * neuron are its values at all positions of all samples, in that order; if there are more than
   * the budget, evenly spread ones of them, the same for all models of one architecture.
   *
   * @param onnx the bytes of an ONNX file
   * @param modelName what messages call the model
   * @param architecture of this model, with its own sizes
   * @param samples the calibration samples; labels are not needed
   * @param budget the most features of a neuron, at least 1; {@link #DEFAULT_BUDGET}
   * @param progress hears how many samples are done
   * @return the activations of all groups that may move
   * @throws InvalidInputException if the model expects other images, lacks an activation of the
   *     architecture, or the budget is not positive or makes more than 2^31 values
   * @throws UnsupportedModelException if the model fails or an activation is not finite
   * @throws BackendUnavailableException if ONNX Runtime has no native code for this platform
   */
  public static OnnxActivations capture(
      byte[] onnx,
      String modelName,
      Architecture architecture,
      Dataset samples,
      int budget,
      Progress progress) {
    if (budget < 1) {
      throw new InvalidInputException(
          "activation budget %d, expected at least 1 feature".formatted(budget));
    }
    Map<ActivationTaps.Tap, Gather> gathers = new HashMap<>();
    try (ActivationTaps taps = ActivationTaps.open(onnx, modelName, architecture, samples)) {
      taps.layouts()
          .forEach(
              (tap, layout) ->
                  gathers.put(
                      tap,
                      new Gather(
                          tap, FeaturePositions.of(samples.size(), layout.positions(), budget))));
      taps.run(
          (tap, layout, firstSample, count, values) ->
              gathers.get(tap).add(layout, firstSample, count, values),
          progress);
    }
    Map<ActivationTaps.Tap, float[]> features = new HashMap<>();
    gathers.forEach((tap, gather) -> features.put(tap, gather.finite(modelName)));
    return new OnnxActivations(architecture, features);
  }

  /**
   * {@inheritDoc} Empty if the value that the producer computes has no samples on its first axis.
   *
   * @throws InvalidInputException if the group is pinned: it has no features
   */
  @Override
  public FloatBuffer of(int group, int producer) {
    NeuronGroup neurons = architecture.groups().get(group);
    if (neurons.pinned().isPresent()) {
      throw new InvalidInputException(
          "neuron group %s is pinned, expected one that may move".formatted(neurons.name()));
    }
    ActivationTaps.Tap tap = ActivationTaps.tap(neurons, neurons.producers().get(producer));
    return FloatBuffer.wrap(features.getOrDefault(tap, new float[0]));
  }

  /** Fills the features [n,d] of one tap. */
  private static final class Gather {
    private final ActivationTaps.Tap tap;
    private final FeaturePositions positions;
    private final float[] features;

    Gather(ActivationTaps.Tap tap, FeaturePositions positions) {
      this.tap = tap;
      this.positions = positions;
      long length = (long) tap.size() * positions.count();
      if (length > Integer.MAX_VALUE - 8) {
        throw new InvalidInputException(
            "activation %s has %d neurons with %d features each, expected a smaller budget"
                .formatted(tap.value(), tap.size(), positions.count()));
      }
      this.features = new float[(int) length];
    }

    float[] finite(String model) {
      for (int i = 0; i < features.length; i++) {
        if (!Float.isFinite(features[i])) {
          throw new UnsupportedModelException(
              "activation %s of model %s has the value %s at feature %d of neuron %d, expected"
                      .formatted(
                          tap.value(),
                          model,
                          features[i],
                          i % positions.count(),
                          i / positions.count())
                  + " finite values");
        }
      }
      return features;
    }

    void add(ActivationTaps.Layout layout, int firstSample, int samples, FloatBuffer values) {
      long start = (long) firstSample * layout.positions();
      int from = positions.firstFrom(start);
      int to = positions.firstFrom(start + (long) samples * layout.positions());
      int[] offsets = new int[to - from];
      for (int j = 0; j < offsets.length; j++) {
        long pair = positions.at(from + j) - start;
        offsets[j] =
            layout.offset((int) (pair / layout.positions()), (int) (pair % layout.positions()));
      }
      int d = positions.count();
      for (int i = 0; i < tap.size(); i++) {
        int neuron = (tap.first() + i) * layout.inner();
        int row = i * d + from;
        for (int j = 0; j < offsets.length; j++) {
          features[row + j] = values.get(offsets[j] + neuron);
        }
      }
    }
  }
}
