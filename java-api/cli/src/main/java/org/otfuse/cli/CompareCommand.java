package org.otfuse.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.otfuse.models.Dataset;
import org.otfuse.models.ModelComparison;
import org.otfuse.models.ModelComparison.Predictions;
import org.otfuse.models.OnnxModel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code otfuse compare}: how far apart what two models compute is. */
@Command(
    name = "compare",
    header = "Measures how far apart the outputs of two models are on samples.",
    description =
        "Runs two models of one input on the same samples and compares all their outputs: the"
            + " largest difference, the mean, how often both predict the same class, and the"
            + " accuracy of both if the samples have labels. The models need not have the same"
            + " layers. Exit status 0 however far apart they are.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class CompareCommand implements Callable<Integer> {
  /**
   * The keys of the JSON object.
   *
   * @param models the names of both files
   * @param samples how many samples
   * @param largest the largest absolute difference of an output
   * @param relative the same relative to the largest output of either model
   * @param mean the mean absolute difference
   * @param worst index of the sample with the largest difference
   * @param equalPredictions percent of samples of the same class; null if there are no classes
   * @param accuracies of both in percent; null if there are no labels or no classes
   */
  private record Result(
      List<String> models,
      int samples,
      double largest,
      double relative,
      double mean,
      int worst,
      Double equalPredictions,
      List<Double> accuracies) {
    static Result of(List<String> models, ModelComparison found) {
      return new Result(
          models,
          found.samples(),
          found.largest(),
          found.relative(),
          found.mean(),
          found.worst(),
          found.predictions().map(Predictions::equal).orElse(null),
          found
              .predictions()
              .map(Predictions::accuracies)
              .filter(list -> !list.isEmpty())
              .orElse(null));
    }
  }

  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "A", description = "An ONNX file.")
  private Path first;

  @Parameters(index = "1", paramLabel = "B", description = "Another one.")
  private Path second;

  @Option(
      names = "--data",
      paramLabel = "DATA.npz",
      required = true,
      description = "Samples: 'images' [N,...] and, for accuracies, 'labels' [N].")
  private Path data;

  @Option(names = "--json", description = "Print the result as one JSON object.")
  private boolean json;

  CompareCommand() {}

  @Override
  public Integer call() {
    Dataset samples = Dataset.read(data);
    OnnxModel a = OnnxModel.read(first);
    OnnxModel b = OnnxModel.read(second);
    try (Bars bars = new Bars()) {
      ModelComparison found = ModelComparison.of(a, b, samples, bars.stage("comparing"));
      FileNames names = FileNames.of(first, second);
      Result result = Result.of(List.of(names.first(), names.second()), found);
      PrintWriter out = spec.commandLine().getOut();
      if (json) {
        Json.print(out, result);
      } else {
        print(out, result);
      }
    }
    return Main.OK;
  }

  private static void print(PrintWriter out, Result result) {
    Table table = new Table("outputs on " + result.samples + " samples", "");
    table.add("largest difference", Table.number(result.largest));
    table.add("relative to the largest output", Table.number(result.relative));
    table.add("in sample", String.valueOf(result.worst));
    table.add("mean difference", Table.number(result.mean));
    if (result.equalPredictions != null) {
      table.add("same class predicted", Table.percent(result.equalPredictions) + " %");
    }
    for (int k = 0; result.accuracies != null && k < result.models.size(); k++) {
      table.add(
          "accuracy of " + result.models.get(k), Table.percent(result.accuracies.get(k)) + " %");
    }
    out.print(table);
    out.flush();
  }
}
