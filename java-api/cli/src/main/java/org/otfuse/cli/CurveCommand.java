package org.otfuse.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import org.otfuse.FusionEngine;
import org.otfuse.models.Evaluation.Score;
import org.otfuse.models.FusionWeights;
import org.otfuse.models.LossCurve;
import org.otfuse.models.OnnxFusion;
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
      defaultValue = "" + LossCurve.POINTS,
      description = "How many weights from 0 to 1; default ${DEFAULT-VALUE}.")
  private int points;

  @Mixin private FusionFlags flags;

  @Option(names = "--json", description = "Print the result as one JSON object.")
  private boolean json;

  CurveCommand() {}

  @Override
  public Integer call() {
    OnnxFusion fusion = flags.fusion(models, Optional.of(test), FusionWeights.equal());
    PrintWriter out = spec.commandLine().getOut();
    try (Bars bars = new Bars();
        FusionEngine engine = flags.engine()) {
      fusion.listener(bars);
      LossCurve curve = FusionFlags.named(() -> LossCurve.of(fusion, engine, points));
      Report report = report(engine.backend().name(), curve);
      if (json) {
        Json.print(out, report);
      } else {
        print(out, report);
      }
    }
    return Main.OK;
  }

  private static Report report(String backend, LossCurve curve) {
    List<Point> table = new ArrayList<>();
    for (int i = 0; i < curve.weights().size(); i++) {
      Score aligned = curve.aligned().get(i);
      boolean plain = !curve.plain().isEmpty();
      table.add(
          new Point(
              curve.weights().get(i),
              aligned.accuracy(),
              aligned.loss(),
              plain ? curve.plain().get(i).accuracy() : null,
              plain ? curve.plain().get(i).loss() : null));
    }
    OptionalDouble plainBarrier = curve.plainBarrier();
    return new Report(
        backend,
        curve.anchor(),
        Choice.label(curve.correction()),
        curve.samples(),
        table,
        curve.barrier(),
        plainBarrier.isPresent() ? plainBarrier.getAsDouble() : null);
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
