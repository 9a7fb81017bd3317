package org.otfuse.models.fusion;

import java.util.List;
import java.util.Optional;
import org.otfuse.FusionAccumulator;
import org.otfuse.models.Dataset;
import org.otfuse.models.Evaluation;
import org.otfuse.models.Evaluator;
import org.otfuse.models.OnnxFusionResult;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.OnnxSession;

/**
 * Measures the models of a fusion, their plain average, the fused model and the ensemble, with one
 * model open at a time.
 *
 * @param data samples with labels
 */
record Measurement(Dataset data, Stages stages) {
  OnnxFusionResult.Accuracy of(ParentModels models, OnnxModel fused, List<Double> weights) {
    Evaluator all = new Evaluator(data);
    for (int k = 0; k < models.size(); k++) {
      add(all, models.get(k), "accuracy of " + models.facts().get(k).name());
    }
    Evaluation parents = all.result();
    Optional<Double> plain =
        plainAverage(models, weights)
            .map(average -> score(average, "accuracy of the plain average").accuracy());
    return new OnnxFusionResult.Accuracy(
        parents.models().stream().map(Evaluation.Score::accuracy).toList(),
        plain,
        score(fused, "accuracy of the fused model").accuracy(),
        parents.ensemble().accuracy(),
        parents.samples());
  }

  /** Models averaged as they are, or empty if they have tensors of different shapes. */
  static Optional<OnnxModel> plainAverage(ParentModels models, List<Double> weights) {
    if (!models.sameShapes()) {
      return Optional.empty();
    }
    OnnxModel first = models.get(0);
    FusionAccumulator sum = FusionAccumulator.of(first.model());
    for (int k = 0; k < models.size(); k++) {
      sum.add(models.get(k).model(), weights.get(k));
    }
    return Optional.of(first.withTensors(sum.finish()));
  }

  /** The score of one model. */
  Evaluation.Score score(OnnxModel model, String stage) {
    Evaluator alone = new Evaluator(data);
    add(alone, model, stage);
    return alone.result().models().get(0);
  }

  private void add(Evaluator evaluator, OnnxModel model, String stage) {
    try (OnnxSession session = OnnxSession.open(model.toBytes(), model.model().name())) {
      evaluator.add(session, stages.stage(stage));
    }
  }
}
