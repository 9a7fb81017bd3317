package org.otfuse.cli;

import java.util.List;
import java.util.Optional;
import org.otfuse.FusionAccumulator;
import org.otfuse.models.OnnxModel;

/**
 * Averages models as they are, for comparison.
 *
 * @param files the models
 */
record PlainAverage(ModelFiles files) {
  /** The average, or empty if the models have tensors of different shapes. */
  Optional<OnnxModel> of(List<Double> weights) {
    if (!files.sameWidths()) {
      return Optional.empty();
    }
    OnnxModel first = files.get(0);
    FusionAccumulator sum = FusionAccumulator.of(first.model());
    for (int k = 0; k < files.size(); k++) {
      sum.add(files.get(k).model(), weights.get(k));
    }
    return Optional.of(first.withTensors(sum.finish()));
  }
}
