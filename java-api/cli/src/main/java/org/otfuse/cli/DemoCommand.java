package org.otfuse.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.otfuse.BackendChoice;
import org.otfuse.InvalidInputException;
import org.otfuse.models.closedform.Strategy;
import org.otfuse.models.file.TemporaryFolder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code otfuse demo}: fuses the trained Fashion-MNIST networks that ship with otfuse. */
@Command(
    name = "demo",
    description = "Fuses pairs of trained Fashion-MNIST networks that ship with otfuse.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class DemoCommand implements Callable<Integer> {
  /** One pair of the demo. */
  private record Pair(String title, String file) {}

  private static final List<Pair> PAIRS =
      List.of(
          new Pair("MLP", "fashion-mlp"),
          new Pair("VGG11", "fashion-vgg11"),
          new Pair("ResNet18", "fashion-resnet18"));

  @Spec private CommandSpec spec;

  @Option(
      names = "--backend",
      paramLabel = "auto|cuda|native|nd4j|java",
      defaultValue = "auto",
      description = "What does the numeric work; default ${DEFAULT-VALUE}.")
  private BackendChoice backend;

  DemoCommand() {}

  @Override
  public Integer call() {
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      run(folder.path());
    }
    return Main.OK;
  }

  private void run(Path folder) {
    Path calibration = unpack(folder, "fashion-calibration.npz");
    Path test = unpack(folder, "fashion-test.npz");
    Table table =
        new Table(
            "pair", "model 0", "model 1", "plain average", "fused", "ensemble", "back end", "time");
    for (Pair pair : PAIRS) {
      List<Path> models =
          List.of(unpack(folder, pair.file + "-a.onnx"), unpack(folder, pair.file + "-b.onnx"));
      FusionRequest request =
          new FusionRequest(
              models,
              Optional.of(calibration),
              Optional.of(test),
              Optional.empty(),
              AlignmentChoice.DEFAULTS,
              new WeightsChoice(false),
              1,
              Strategy.AUTO,
              backend,
              Optional.empty(),
              0);
      FusionReport report =
          FusionRun.run(
              request,
              FusionDemands.NONE,
              new CommandFiles(),
              folder.resolve(pair.file + "-fused.onnx"),
              Optional.empty());
      addRow(table, pair, report);
    }
    PrintWriter out = spec.commandLine().getOut();
    out.println("Accuracy in percent on Fashion-MNIST test images; model 1 is the anchor:");
    out.println();
    out.print(table);
    out.flush();
  }

  private static void addRow(Table table, Pair pair, FusionReport report) {
    FusionReport.Accuracy accuracy = report.accuracy();
    table.add(
        pair.title,
        Table.percent(accuracy.models().get(0)),
        Table.percent(accuracy.models().get(1)),
        Table.percent(accuracy.vanilla()),
        Table.percent(accuracy.fused()),
        Table.percent(accuracy.ensemble()),
        report.backend(),
        Table.seconds(report.seconds().total()));
  }

  private static Path unpack(Path folder, String name) {
    Path target = folder.resolve(name);
    try (InputStream in = DemoCommand.class.getResourceAsStream("demo/" + name)) {
      Files.copy(in, target);
      return target;
    } catch (IOException e) {
      throw new InvalidInputException("cannot unpack %s: %s".formatted(target, e.getMessage()), e);
    }
  }
}
