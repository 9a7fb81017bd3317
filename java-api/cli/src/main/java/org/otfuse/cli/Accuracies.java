package org.otfuse.cli;

import java.util.List;
import java.util.Optional;
import org.otfuse.models.Dataset;
import org.otfuse.models.Evaluation;
import org.otfuse.models.Evaluator;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.OnnxSession;

/** Measures the models of a fusion, their plain average, the fused model and the ensemble. */
final class Accuracies {
  private final Bars bars;
  private final Dataset data;

  Accuracies(Bars bars, Dataset data) {
    this.bars = bars;
    this.data = data;
  }

  FusionReport.Accuracy measure(ModelFiles files, OnnxModel fused, List<Double> weights) {
    Evaluator all = new Evaluator(data);
    for (int k = 0; k < files.size(); k++) {
      add(all, files.get(k), "accuracy of " + files.facts(k).name());
    }
    Evaluation parents = all.result();
    Optional<Double> vanilla =
        new PlainAverage(files)
            .of(weights)
            .map(average -> accuracy("accuracy of the plain average", average));
    return new FusionReport.Accuracy(
        parents.models().stream().map(Evaluation.Score::accuracy).toList(),
        vanilla.orElse(null),
        accuracy("accuracy of the fused model", fused),
        parents.ensemble().accuracy(),
        parents.samples());
  }

  private double accuracy(String stage, OnnxModel file) {
    Evaluator alone = new Evaluator(data);
    add(alone, file, stage);
    return alone.result().models().get(0).accuracy();
  }

  private void add(Evaluator evaluator, OnnxModel file, String stage) {
    try (OnnxSession session = OnnxSession.open(file.toBytes(), file.model().name())) {
      evaluator.add(session, bars.stage(stage));
    }
  }
}
