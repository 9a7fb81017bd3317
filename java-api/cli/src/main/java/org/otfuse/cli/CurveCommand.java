package org.otfuse.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.otfuse.FeatureKind;
import org.otfuse.FusionEngine;
import org.otfuse.FusionOptions;
import org.otfuse.InvalidInputException;
import org.otfuse.models.Dataset;
import org.otfuse.models.Evaluation.Score;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.closedform.CorrectionKind;
import org.otfuse.models.closedform.Strategy;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code otfuse curve}: how good averages of two models are from one model to the other. */
@Command(
    name = "curve",
    header = "Measures the averages of two models from one to the other.",
    description =
        "Measures averages of two models, with the weight of the second from 0 to 1, with"
            + " and without alignment, and the loss barrier between them. The default solver is"
            + " exact, which leaves the models at both ends as they are.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class CurveCommand implements Callable<Integer> {
  /**
   * The keys of the JSON object.
   *
   * @param backend what did the numeric work
   * @param anchor index of the anchor
   * @param correction what was done after averaging aligned models; plain ones stay as they are
   * @param samples how many test samples were used
   * @param points one a weight, growing
   * @param barrier of the aligned models
   * @param plainBarrier without alignment; null where shapes differ
   */
  private record Report(
      String backend,
      int anchor,
      String correction,
      int samples,
      List<Point> points,
      double barrier,
      Double plainBarrier) {}

  /** One weight of the second model; accuracies in percent, losses are mean cross-entropies. */
  private record Point(
      double weight, double accuracy, double loss, Double plainAccuracy, Double plainLoss) {}

  private static final int MOST_POINTS = 1001;

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "MODEL", arity = "2", description = "Two ONNX files.")
  private List<Path> models;

  @Option(
      names = "--test",
      paramLabel = "DATA.npz",
      required = true,
      description = "Labelled samples to measure on: 'images' [N,...] and 'labels' [N].")
  private Path test;

  @Option(
      names = "--points",
      paramLabel = "N",
      defaultValue = "11",
      description = "How many weights from 0 to 1; default ${DEFAULT-VALUE}.")
  private int points;

  @Mixin private FusionFlags flags;

  @Option(names = "--json", description = "Print the result as one JSON object.")
  private boolean json;

  CurveCommand() {}

  @Override
  public Integer call() {
    if (points < 2 || points > MOST_POINTS) {
      throw new InvalidInputException(
          "--points is %d, expected 2 to %d.".formatted(points, MOST_POINTS));
    }
    FusionRequest request =
        flags.request(models, Optional.of(test), new WeightsChoice(false)).withHardMaps();
    PrintWriter out = spec.commandLine().getOut();
    try (Bars bars = new Bars();
        FusionEngine engine = FusionEngine.open(request.backend())) {
      Report report = measure(engine, request, bars);
      if (json) {
        Json.print(out, report);
      } else {
        print(out, report);
      }
    }
    return Main.OK;
  }

  private Report measure(FusionEngine engine, FusionRequest request, Bars bars) {
    FusionInputs files = FusionInputs.read(request, new CommandFiles());
    Dataset data = files.test().orElseThrow();
    Strategy strategy = request.strategyForManyWeights(files.anchor());
    FeatureKind features = request.features(files.anchor());
    FusionOptions options = request.options(features, strategy);
    ComparedModels compared = files.compared(request, features, bars);
    FusionInputs inputs = files.withAnchor(engine, compared, options, bars);
    Correction correction = new Correction(strategy.correction(), inputs, bars);
    Losses losses = new Losses(data, bars);
    PlainAverage plain = new PlainAverage(inputs.files());
    List<Score> scores = new ArrayList<>();
    List<Score> plainScores = new ArrayList<>();
    try (AlignedModels aligned =
        AlignedModels.of(
            engine, inputs, compared, options, bars, correction.observer(Optional.empty()))) {
      for (double w : Curve.weights(points)) {
        List<Double> weights = List.of(1 - w, w);
        scores.add(losses.score(correction.apply(aligned.average(weights), weights)));
        Optional<OnnxModel> average = plain.of(weights);
        average.ifPresent(model -> plainScores.add(losses.score(model)));
      }
    }
    return report(
        engine.backend().name(),
        inputs.anchorIndex(),
        strategy.correction(),
        data.size(),
        scores,
        plainScores);
  }

  private Report report(
      String backend,
      int anchor,
      CorrectionKind mode,
      int samples,
      List<Score> scores,
      List<Score> plainScores) {
    List<Double> weights = Curve.weights(points);
    List<Point> table = new ArrayList<>();
    for (int i = 0; i < points; i++) {
      Optional<Score> plain =
          plainScores.isEmpty() ? Optional.empty() : Optional.of(plainScores.get(i));
      table.add(
          new Point(
              weights.get(i),
              scores.get(i).accuracy(),
              scores.get(i).loss(),
              plain.map(Score::accuracy).orElse(null),
              plain.map(Score::loss).orElse(null)));
    }
    return new Report(
        backend,
        anchor,
        Choice.label(mode),
        samples,
        table,
        new Curve(weights, scores).barrier(),
        plainScores.isEmpty() ? null : new Curve(weights, plainScores).barrier());
  }

  private void print(PrintWriter out, Report report) {
    Table table =
        new Table(
            "weight of " + models.get(1).getFileName(), "fused %", "loss", "plain %", "plain loss");
    for (Point point : report.points) {
      table.add(
          Table.percent(point.weight),
          Table.percent(point.accuracy),
          Table.number(point.loss),
          point.plainAccuracy == null ? "-" : Table.percent(point.plainAccuracy),
          point.plainLoss == null ? "-" : Table.number(point.plainLoss));
    }
    out.print(table);
    out.printf(
        "%nLoss barrier %s aligned, %s plain, on %d samples; correction %s, anchor %d, %s back"
            + " end.%n",
        Table.number(report.barrier),
        report.plainBarrier == null ? "-" : Table.number(report.plainBarrier),
        report.samples,
        report.correction,
        report.anchor,
        report.backend);
    out.flush();
  }
}
