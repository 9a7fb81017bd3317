package org.otfuse.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.otfuse.Solver;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code otfuse fuse}: models in, one model out. */
@Command(
    name = "fuse",
    description = "Fuses models into one file.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class FuseCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "MODEL", arity = "2..*", description = "ONNX files, two or more.")
  private List<Path> models;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FUSED",
      required = true,
      description = "Where the fused model goes; none of the files that are read.")
  private Path output;

  @Option(
      names = "--test",
      paramLabel = "DATA.npz",
      description = "Labelled samples to measure accuracy on: 'images' and 'labels' [N].")
  private Optional<Path> test;

  @Option(
      names = "--weights",
      paramLabel = "auto|W,...",
      converter = WeightsChoice.Converter.class,
      description =
          "One weight a model, summing to 1; default equal. With auto those that lose least"
              + " on labelled calibration samples.")
  private Optional<WeightsChoice> weights;

  @Mixin private FusionFlags flags;

  @Option(
      names = "--report",
      paramLabel = "FILE.html",
      description =
          "Write a page about the fusion for a browser: accuracy, couplings, costs, time"
              + " and options.")
  private Optional<Path> page;

  @Option(
      names = "--strict",
      description = "Write nothing and end with exit status 1 if there is any warning.")
  private boolean strict;

  @Option(
      names = "--min-aligned",
      paramLabel = "SHARE",
      defaultValue = "0",
      description =
          "Write nothing and end with exit status 1 if a smaller share of the hidden neurons can be"
              + " aligned, 0 to 1; default ${DEFAULT-VALUE}.")
  private double minAligned;

  @Option(names = "--json", description = "Print the report as one JSON object.")
  private boolean json;

  FuseCommand() {}

  @Override
  public Integer call() {
    FusionRequest request =
        flags.request(models, test, weights.orElseGet(() -> new WeightsChoice(false)));
    boolean align = !request.alignment().solver().equals(Optional.of(Solver.IDENTITY));
    FusionDemands demands = new FusionDemands(strict, minAligned, align);
    PrintWriter out = spec.commandLine().getOut();
    CommandFiles files = new CommandFiles();
    files.writes("--output", output);
    page.ifPresent(file -> files.writes("--report", file));
    Optional<ReportTarget> target = page.map(file -> new ReportTarget(file, typed()));
    FusionReport report = FusionRun.run(request, demands, files, output, target);
    if (json) {
      Json.print(out, report);
    } else {
      new FusionText(report).print(out, output);
    }
    return Main.OK;
  }

  private List<String> typed() {
    return spec.root().commandLine().getParseResult().originalArgs();
  }
}
