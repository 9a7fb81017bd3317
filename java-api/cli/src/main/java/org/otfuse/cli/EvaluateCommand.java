package org.otfuse.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.otfuse.models.Dataset;
import org.otfuse.models.Evaluation;
import org.otfuse.models.OnnxModel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code otfuse evaluate}: how good one model is. */
@Command(
    name = "evaluate",
    description = "Measures the accuracy and loss of a model on labelled samples.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class EvaluateCommand implements Callable<Integer> {
  /** The keys of the JSON object; accuracy in percent, loss is the mean cross-entropy. */
  private record Result(String model, int samples, double accuracy, double loss, double seconds) {}

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "MODEL", description = "An ONNX file.")
  private Path model;

  @Option(
      names = "--data",
      paramLabel = "DATA.npz",
      required = true,
      description = "Labelled samples: 'images' [N,...] and 'labels' [N].")
  private Path data;

  @Option(names = "--json", description = "Print the result as one JSON object.")
  private boolean json;

  EvaluateCommand() {}

  @Override
  public Integer call() {
    Dataset samples = Dataset.read(data);
    OnnxModel file = OnnxModel.read(model);
    long start = System.nanoTime();
    try (Bars bars = new Bars()) {
      Evaluation evaluation = Evaluation.of(file, samples, bars.stage("accuracy"));
      Evaluation.Score score = evaluation.models().get(0);
      double seconds = (System.nanoTime() - start) / 1e9;
      print(
          new Result(
              file.model().name(), evaluation.samples(), score.accuracy(), score.loss(), seconds));
    }
    return Main.OK;
  }

  private void print(Result result) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Json.print(out, result);
      return;
    }
    out.printf(
        "%s: accuracy %s %%, loss %s on %d samples (%s)%n",
        OneLine.of(result.model),
        Table.percent(result.accuracy),
        Table.number(result.loss),
        result.samples,
        Table.seconds(result.seconds));
    out.flush();
  }
}
