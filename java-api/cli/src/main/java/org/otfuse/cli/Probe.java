package org.otfuse.cli;

import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.otfuse.InvalidInputException;
import org.otfuse.models.Dataset;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.TensorInfo;
import org.otfuse.models.runtime.RandomInputs;

/** What a model is run on to see whether its function stays the same. */
sealed interface Probe {
  /** Samples that are drawn where none are given. */
  int RANDOM_SAMPLES = 8;

  /** All values that a model computes on it. */
  float[] outputs(OnnxModel model);

  /** What it is, to follow "on". */
  String words();

  /** Samples for a model of one input. */
  record Samples(Dataset data) implements Probe {
    @Override
    public float[] outputs(OnnxModel model) {
      return PairVerification.outputs(model, data);
    }

    @Override
    public String words() {
      return data.size() + " samples";
    }
  }

  /** One run on random values for every input of a model that has several. */
  record Inputs(RandomInputs values, int count) implements Probe {
    @Override
    public float[] outputs(OnnxModel model) {
      return values.outputs(model);
    }

    @Override
    public String words() {
      return "random values for its " + count + " inputs";
    }
  }

  /**
   * Draws what a model can be run on.
   *
   * @throws InvalidInputException if the model has one input and leaves sizes of it open
   */
  static Probe random(OnnxModel file, long seed) {
    List<TensorInfo> inputs = file.inputs();
    if (inputs.size() != 1) {
      return new Inputs(new RandomInputs(RANDOM_SAMPLES, seed), inputs.size());
    }
    TensorInfo input = inputs.get(0);
    if (input.shape().size() < 2
        || input.shape().subList(1, input.shape().size()).contains(TensorInfo.UNKNOWN)) {
      throw new InvalidInputException(
          "Input %s of %s has shape %s, expected samples by --data DATA.npz."
              .formatted(input.name(), file.model().name(), input.words()));
    }
    List<Integer> shape = input.shape().subList(1, input.shape().size());
    float[] values =
        new float
            [Math.multiplyExact(RANDOM_SAMPLES, shape.stream().reduce(1, Math::multiplyExact))];
    Random random = new Random(seed);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return new Samples(Dataset.of("random samples", shape, values, Optional.empty()));
  }
}
