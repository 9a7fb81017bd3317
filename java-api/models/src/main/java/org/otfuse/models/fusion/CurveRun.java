package org.otfuse.models.fusion;

import java.util.ArrayList;
import java.util.List;
import org.otfuse.FeatureKind;
import org.otfuse.FusionEngine;
import org.otfuse.FusionOptions;
import org.otfuse.models.Dataset;
import org.otfuse.models.Evaluation.Score;
import org.otfuse.models.LossCurve;
import org.otfuse.models.closedform.Strategy;

/**
 * Measures averages of two models along the line between them.
 *
 * @param request two models and test data
 * @param engine does the numeric work
 * @param stages hear how far it is and of the couplings
 */
public record CurveRun(FusionRequest request, FusionEngine engine, Stages stages) {
  /**
   * Measures.
   *
   * @param shares of the second model, from 0 to 1
   */
  public LossCurve run(List<Double> shares) {
    FusionInputs given = FusionInputs.read(request, stages);
    Dataset data = given.test().orElseThrow();
    Strategy strategy = request.strategyForManyWeights(given.anchor());
    FeatureKind features = request.features(given.anchor());
    FusionOptions options = request.options(features, strategy);
    ComparedModels compared = given.compared(request, features, stages);
    FusionInputs inputs = given.withAnchor(engine, compared, options, stages);
    Correction correction = new Correction(strategy.correction(), inputs, stages);
    Measurement measurement = new Measurement(data, stages);
    List<Score> scores = new ArrayList<>();
    List<Score> plain = new ArrayList<>();
    try (AlignedModels aligned =
        AlignedModels.of(
            engine,
            inputs,
            compared,
            options.alignment(),
            stages,
            correction.listener(stages.couplings()))) {
      for (double w : shares) {
        List<Double> weights = List.of(1 - w, w);
        scores.add(measurement.score(correction.apply(aligned.average(weights), weights), "loss"));
        Measurement.plainAverage(inputs.models(), weights)
            .ifPresent(model -> plain.add(measurement.score(model, "loss")));
      }
    }
    return new LossCurve(
        inputs.anchorIndex(), strategy.correction(), data.size(), shares, scores, plain);
  }
}
