package org.otfuse.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.otfuse.FusionEngine;
import org.otfuse.models.FusionWeights;
import org.otfuse.models.OnnxFusion;
import org.otfuse.models.OnnxFusionResult;
import org.otfuse.models.report.FusionPage;
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
  /** Words that a shell takes as they are. */
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_@%+=:,./-]+");

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
      converter = FusionFlags.Weights.class,
      description =
          "One weight a model, summing to 1; default equal. With auto those that lose least"
              + " on labelled calibration samples.")
  private Optional<FusionWeights> weights;

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
    OnnxFusion fusion = flags.fusion(models, test, weights.orElse(FusionWeights.equal()));
    FusionDemands demands = new FusionDemands(strict, minAligned, flags.aligns());
    CommandFiles files = new CommandFiles();
    files.writes("--output", output);
    page.ifPresent(file -> files.writes("--report", file));
    FusionReport report = FusionReport.of(FusionFlags.named(() -> fuse(fusion, demands, files)));
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Json.print(out, report);
    } else {
      new FusionText(report).print(out, output);
    }
    return Main.OK;
  }

  private OnnxFusionResult fuse(OnnxFusion fusion, FusionDemands demands, CommandFiles files) {
    try (FusionEngine engine = flags.engine();
        Bars bars = new Bars(files)) {
      flags.reads(files, models, test);
      fusion.listener(bars);
      if (page.isEmpty()) {
        return demands.check(fusion.fuse(engine)).write(output);
      }
      FusionPage drawn =
          new FusionPage()
              .version("otfuse", Version.number())
              .command("otfuse " + inShell(typed()));
      return drawn.writeBoth(
          demands.check(fusion.listener(drawn).fuse(engine)), output, page.get());
    }
  }

  private List<String> typed() {
    return spec.root().commandLine().getParseResult().originalArgs();
  }

  /** Words as they can be pasted into a shell, quoted where needed. */
  static String inShell(List<String> words) {
    return words.stream()
        .map(word -> PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'")
        .collect(Collectors.joining(" "));
  }
}
