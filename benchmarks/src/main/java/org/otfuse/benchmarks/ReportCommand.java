package org.otfuse.benchmarks;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.BitmapEncoder.BitmapFormat;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.VectorGraphicsEncoder.VectorGraphicsFormat;
import org.knowm.xchart.internal.chartpart.Chart;
import org.otfuse.InvalidInputException;
import org.otfuse.models.file.AtomicFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Tables and charts of results, those of several files side by side. */
@Command(
    name = "report",
    description = "Write tables (report.md, and on standard output) and charts (SVG and PNG).",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class ReportCommand implements Callable<Integer> {
  private static final String TEXT = "report.md";

  @Spec private CommandSpec spec;

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "JMH's JSON.")
  private List<Path> files;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FOLDER",
      defaultValue = "report",
      description = "Where the report goes; default ${DEFAULT-VALUE}.")
  private Path output;

  ReportCommand() {}

  @Override
  public Integer call() {
    System.setProperty("java.awt.headless", "true");
    Report report = new Report(files.stream().map(Results::read).toList());
    String markdown = report.markdown();
    try {
      Files.createDirectories(output);
      AtomicFile.write(
          output.resolve(TEXT), out -> out.write(markdown.getBytes(StandardCharsets.UTF_8)));
      for (Map.Entry<String, Chart<?, ?>> chart : Charts.of(report).entrySet()) {
        String path = output.resolve(chart.getKey()).toString();
        VectorGraphicsEncoder.saveVectorGraphic(chart.getValue(), path, VectorGraphicsFormat.SVG);
        BitmapEncoder.saveBitmap(chart.getValue(), path, BitmapFormat.PNG);
      }
    } catch (IOException e) {
      throw new InvalidInputException("cannot write the report to " + output, e);
    }
    PrintWriter out = spec.commandLine().getOut();
    out.print(markdown);
    out.println("Written to " + output.resolve(TEXT) + " with its charts beside it.");
    out.flush();
    return Benchmarks.OK;
  }
}
