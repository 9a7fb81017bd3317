package org.otfuse.models.fusion;

import java.util.Optional;
import org.otfuse.FeatureKind;
import org.otfuse.FusionEngine;
import org.otfuse.FusionOptions;
import org.otfuse.models.Dataset;
import org.otfuse.models.OnnxModel;

/**
 * What a fusion starts from, checked.
 *
 * @param models in order
 * @param anchorIndex the one that the others are aligned to; the first until an automatic one is
 *     chosen
 * @param calibration all calibration samples
 * @param test the samples to measure accuracy on
 */
record FusionInputs(
    ParentModels models, int anchorIndex, Optional<Dataset> calibration, Optional<Dataset> test) {
  /** Reads the data, and every model once to check that they can be fused. */
  static FusionInputs read(FusionRequest request, Stages stages) {
    int index = request.anchor().index().orElse(0);
    ParentModels models = ParentModels.open(request.models(), index, stages);
    OnnxModel anchor = models.get(index);
    Optional<Dataset> test = request.test().map(samples -> samples.read().apply(anchor));
    Optional<Dataset> calibration =
        request.calibration().map(samples -> samples.read().apply(anchor));
    return new FusionInputs(models, index, calibration, test);
  }

  /** The anchor. */
  OnnxModel anchor() {
    return models.get(anchorIndex);
  }

  /** The same with the anchor that the options give or leave to be chosen. */
  FusionInputs withAnchor(
      FusionEngine engine, ComparedModels compared, FusionOptions options, Stages stages) {
    int chosen =
        options
            .anchor()
            .index()
            .orElseGet(
                () ->
                    engine.chooseAnchor(
                        compared, options.alignment(), stages.stage("choosing the anchor")));
    return new FusionInputs(models, chosen, calibration, test);
  }

  /** The models, and what they compute on some of the samples if neurons are compared by that. */
  ComparedModels compared(FusionRequest request, FeatureKind features, Stages stages) {
    int most = request.sampleLimit();
    Optional<Dataset> samples =
        calibration
            .filter(all -> features == FeatureKind.ACTIVATIONS)
            .map(all -> all.size() <= most ? all : all.sample(most, request.drawnBy()));
    return new ComparedModels(models, samples, stages);
  }
}
