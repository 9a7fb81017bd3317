package org.otfuse.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.otfuse.InvalidInputException;
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
      description = {
        "One weight a model, summing to 1; default equal. With auto those that lose least on",
        "labelled calibration samples."
      })
  private Optional<WeightsChoice> weights;

  @Mixin private FusionFlags flags;

  @Option(
      names = "--report",
      paramLabel = "FILE.html",
      description = {
        "Write a page about the fusion for a browser: accuracy, couplings, costs, time and options."
      })
  private Optional<Path> page;

  @Option(names = "--json", description = "Print the report as one JSON object.")
  private boolean json;

  FuseCommand() {}

  @Override
  public Integer call() {
    FusionRequest request =
        flags.request(models, test, weights.orElseGet(() -> new WeightsChoice(false)));
    PrintWriter out = spec.commandLine().getOut();
    requireOtherFile("--output", output, request);
    page.ifPresent(file -> requirePageOfItsOwn(file, request));
    Optional<ReportTarget> target = page.map(file -> new ReportTarget(file, typed()));
    FusionReport report = FusionRun.run(request, output, target);
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

  /** Refuses to write to what is read. */
  private static void requireOtherFile(String option, Path file, FusionRequest request) {
    request
        .models()
        .forEach(model -> requireOther(option, file, model, "one of the models, which are"));
    request
        .calibration()
        .ifPresent(data -> requireOther(option, file, data, "the data of --calibration, which is"));
    request
        .test()
        .ifPresent(data -> requireOther(option, file, data, "the data of --test, which is"));
  }

  private static void requireOther(String option, Path file, Path input, String what) {
    if (sameFile(input, file)) {
      throw new InvalidInputException(
          "%s %s is %s never written to; expected another file.".formatted(option, file, what));
    }
  }

  private void requirePageOfItsOwn(Path file, FusionRequest request) {
    requireOtherFile("--report", file, request);
    if (sameFile(file, output)
        || file.toAbsolutePath().normalize().equals(output.toAbsolutePath().normalize())) {
      throw new InvalidInputException(
          "--report %s is the fused model too, expected another file.".formatted(file));
    }
  }

  private static boolean sameFile(Path a, Path b) {
    try {
      return Files.exists(a) && Files.exists(b) && Files.isSameFile(a, b);
    } catch (IOException e) {
      throw new InvalidInputException("%s and %s cannot be compared: %s.".formatted(a, b, e), e);
    }
  }
}
