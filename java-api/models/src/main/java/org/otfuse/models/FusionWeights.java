package org.otfuse.models;

import java.util.Arrays;
import java.util.List;

/**
 * The weights of the models in a fusion.
 *
 * <pre>{@code
 * OnnxFusion mostlyA = OnnxFusion.of(a, b).weights(FusionWeights.of(0.8, 0.2));
 * OnnxFusion searched = OnnxFusion.of(a, b).calibration(samples).weights(FusionWeights.auto());
 * }</pre>
 *
 * @param isAutomatic whether those are searched that lose least on labelled calibration samples
 * @param values one a model, not negative, summing to 1; none for equal weights
 */
public record FusionWeights(boolean isAutomatic, List<Double> values) {
  /** Copies the list. */
  public FusionWeights {
    values = List.copyOf(values);
  }

  /**
   * The weights whose average has the least loss on the calibration samples, which have labels
   * then, as {@link WeightSearch} finds them.
   *
   * @return weights to be searched
   */
  public static FusionWeights auto() {
    return new FusionWeights(true, List.of());
  }

  /**
   * Equal weights, the default.
   *
   * @return weights for any number of models
   */
  public static FusionWeights equal() {
    return new FusionWeights(false, List.of());
  }

  /**
   * Weights by number.
   *
   * @param values one a model, finite, not negative, summing to 1 within 1e-6
   * @return the weights; what is out of range is refused by {@link OnnxFusion#fuse}
   */
  public static FusionWeights of(double... values) {
    return new FusionWeights(false, Arrays.stream(values).boxed().toList());
  }
}
