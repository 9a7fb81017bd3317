package org.otfuse.cli;

import java.util.Optional;
import org.otfuse.FeatureKind;
import org.otfuse.FusionEngine;
import org.otfuse.FusionOptions;
import org.otfuse.models.Dataset;
import org.otfuse.models.OnnxModel;

/**
 * The files of a fusion, checked.
 *
 * @param files the models, in order
 * @param anchorIndex the one that the others are aligned to; the first until an automatic one is
 *     chosen
 * @param calibration all calibration samples
 * @param test the samples to measure accuracy on
 */
record FusionInputs(
    ModelFiles files, int anchorIndex, Optional<Dataset> calibration, Optional<Dataset> test) {
  /**
   * Reads the data, and every model once to check that they can be fused.
   *
   * @param command hears of what is read
   */
  static FusionInputs read(FusionRequest request, CommandFiles command) {
    request.models().forEach(model -> command.reads("one of the models", model));
    request.calibration().ifPresent(data -> command.reads("the data of --calibration", data));
    request.test().ifPresent(data -> command.reads("the data of --test", data));
    Optional<Dataset> test = request.test().map(Dataset::read);
    Optional<Dataset> calibration = request.calibration().map(Dataset::read);
    int anchor = request.anchor().index().orElse(0);
    return new FusionInputs(
        ModelFiles.open(request.models(), anchor, command), anchor, calibration, test);
  }

  /** The anchor. */
  OnnxModel anchor() {
    return files.get(anchorIndex);
  }

  /** The same with the anchor that the options give or leave to be chosen. */
  FusionInputs withAnchor(
      FusionEngine engine, ComparedModels models, FusionOptions options, Bars bars) {
    int chosen =
        options
            .anchor()
            .index()
            .orElseGet(
                () ->
                    engine.chooseAnchor(
                        models, options.alignment(), bars.stage("choosing the anchor")));
    return new FusionInputs(files, chosen, calibration, test);
  }

  /** The models, and what they compute on some of the samples if neurons are compared by that. */
  ComparedModels compared(FusionRequest request, FeatureKind features, Bars bars) {
    Optional<Dataset> samples =
        calibration
            .filter(all -> features == FeatureKind.ACTIVATIONS)
            .map(
                all ->
                    all.size() <= request.samples().orElse(FusionRequest.SAMPLES)
                        ? all
                        : all.sample(
                            request.samples().orElse(FusionRequest.SAMPLES),
                            request.seed().orElse(FusionRequest.SEED)));
    return new ComparedModels(files, samples, bars);
  }
}
