package org.otfuse.models;

import java.util.List;
import org.otfuse.FusionAccumulator;
import org.otfuse.InvalidInputException;

/**
 * Averages models as they are, neuron by neuron in the order of the files: what a fusion is
 * compared with.
 *
 * <pre>{@code
 * OnnxModel average = PlainAverage.of(List.of(a, b), List.of(0.5, 0.5));
 * double accuracy = Evaluation.of(average, samples).models().get(0).accuracy();
 * }</pre>
 */
public final class PlainAverage {
  private PlainAverage() {}

  /**
   * Averages models.
   *
   * @param models one or more that can be fused and have tensors of the same shapes
   * @param weights one a model, not negative, summing to 1 within 1e-6
   * @return the average, in the first model's graph
   * @throws InvalidInputException if models differ, naming the first difference, or weights do not
   *     fit
   */
  public static OnnxModel of(List<OnnxModel> models, List<Double> weights) {
    if (models.isEmpty() || models.size() != weights.size()) {
      throw new InvalidInputException(
          "%d weights were given for %d models, expected one for each."
              .formatted(weights.size(), models.size()));
    }
    OnnxModel first = models.get(0);
    FusionAccumulator sum = FusionAccumulator.of(first.model());
    for (int k = 0; k < models.size(); k++) {
      models.get(k).requireFusible(first);
      sum.add(models.get(k).model(), weights.get(k));
    }
    return first.withTensors(sum.finish());
  }
}
