package org.otfuse.features;

import java.nio.FloatBuffer;
import java.util.Optional;
import org.otfuse.InvalidInputException;
import org.otfuse.Model;
import org.otfuse.Producer;

/**
 * What a producer's bias and its BatchNormalization do to the rows of its weights: the layer W x +
 * b followed by a normalisation computes {@code scale * (W x) + bias}.
 *
 * @param scale one factor a neuron, empty without a normalisation
 * @param bias one value a neuron, empty without bias and normalisation
 */
record FoldedProducer(Optional<double[]> scale, Optional<double[]> bias) {
  /**
   * Folds.
   *
   * @throws InvalidInputException if a variance has no root or a factor or a bias leaves float32,
   *     naming the tensor
   */
  static FoldedProducer of(Model model, Producer producer, int neurons) {
    Optional<double[]> bias =
        producer.bias().isPresent()
            ? Optional.of(vector(model, producer.bias().getAsInt(), producer, neurons))
            : Optional.empty();
    if (producer.normalization().isEmpty()) {
      return new FoldedProducer(Optional.empty(), bias);
    }
    Producer.Normalization normalization = producer.normalization().get();
    double[] gamma = vector(model, normalization.gamma(), producer, neurons);
    double[] beta = vector(model, normalization.beta(), producer, neurons);
    double[] mean = vector(model, normalization.mean(), producer, neurons);
    double[] variance = vector(model, normalization.variance(), producer, neurons);
    double[] scale = new double[neurons];
    double[] shift = new double[neurons];
    for (int i = 0; i < neurons; i++) {
      int index = producer.firstParameter() + i;
      double square = variance[i] + normalization.epsilon();
      if (!(square > 0)) {
        throw refusal(
            model,
            normalization.variance(),
            index,
            "expected a variance above " + -normalization.epsilon());
      }
      scale[i] = gamma[i] / Math.sqrt(square);
      if (Math.abs(scale[i]) > Float.MAX_VALUE) {
        String variances = model.architecture().tensors().get(normalization.variance()).name();
        throw refusal(
            model,
            normalization.gamma(),
            index,
            "which over the deviation of " + variances + " leaves the range of float32");
      }
      shift[i] = ((bias.isPresent() ? bias.get()[i] : 0) - mean[i]) * scale[i] + beta[i];
      if (Math.abs(shift[i]) > Float.MAX_VALUE) {
        throw refusal(
            model,
            normalization.mean(),
            index,
            "with which the folded bias leaves the range of float32");
      }
    }
    return new FoldedProducer(Optional.of(scale), Optional.of(shift));
  }

  private static InvalidInputException refusal(Model model, int tensor, int index, String why) {
    FloatBuffer values = model.tensors().get(tensor);
    return new InvalidInputException(
        "Tensor %s of model %s has %s at index %d, %s."
            .formatted(
                model.architecture().tensors().get(tensor).name(),
                model.name(),
                values.get(values.position() + index),
                index,
                why));
  }

  private static double[] vector(Model model, int tensor, Producer producer, int neurons) {
    double[] values = new double[neurons];
    FloatBuffer buffer = model.tensors().get(tensor);
    for (int i = 0; i < neurons; i++) {
      values[i] = buffer.get(buffer.position() + producer.firstParameter() + i);
    }
    return values;
  }
}
