package org.otfuse.models.fusion;

import java.util.ArrayList;
import java.util.List;
import org.otfuse.FusionEngine;
import org.otfuse.FusionListener;
import org.otfuse.FusionOptions;
import org.otfuse.FusionResult;
import org.otfuse.models.Dataset;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.closedform.ClosedForm;
import org.otfuse.models.closedform.ClosedFormOptions;
import org.otfuse.models.closedform.ClosedFormResult;
import org.otfuse.models.closedform.ModelCouplings;

/** Fusions whose layers are set by least squares; all models are in memory together. */
final class ClosedFormRun {
  private final FusionInputs inputs;
  private final FusionOptions options;
  private final Stages stages;

  /**
   * Prepares a fusion.
   *
   * @param inputs with calibration data
   */
  ClosedFormRun(FusionInputs inputs, FusionOptions options, Stages stages) {
    this.inputs = inputs;
    this.options = options;
    this.stages = stages;
  }

  /**
   * An alignment whose average was refit.
   *
   * @param alignment what the engine did
   * @param refit the model
   * @param seconds of the refit
   */
  record Aligned(FusionResult alignment, ClosedFormResult refit, double seconds) {}

  ClosedFormResult select() {
    return ClosedForm.select(
        models(),
        inputs.anchorIndex(),
        weights(),
        samples(),
        ClosedFormOptions.DEFAULTS,
        stages.stage("layers"));
  }

  Aligned refit(FusionEngine engine, ComparedModels models) {
    ModelCouplings couplings = new ModelCouplings();
    FusionResult result =
        engine.fuse(
            models,
            options.toBuilder().anchor(inputs.anchorIndex()).build(),
            FusionListener.of(stages.stage("fusing")).and(stages.couplings()).and(couplings));
    long start = System.nanoTime();
    ClosedFormResult refit =
        ClosedForm.refit(
            models(),
            inputs.anchorIndex(),
            weights(),
            couplings,
            samples(),
            ClosedFormOptions.DEFAULTS,
            stages.stage("layers"));
    return new Aligned(result, refit, (System.nanoTime() - start) / 1e9);
  }

  private List<OnnxModel> models() {
    List<OnnxModel> models = new ArrayList<>();
    for (int k = 0; k < inputs.models().size(); k++) {
      models.add(inputs.models().get(k));
    }
    return models;
  }

  private List<Double> weights() {
    return options.weightsFor(inputs.models().size());
  }

  private Dataset samples() {
    return inputs.calibration().orElseThrow();
  }
}
