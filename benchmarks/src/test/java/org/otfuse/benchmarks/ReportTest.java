package org.otfuse.benchmarks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Of a file that JMH 1.37 wrote, its numbers changed to ones that can be checked by hand. */
class ReportTest {
  private static final Case COST = Case.of("CostSuite.cost", "n", 512, "d", 576, "batch", 1);
  private static final Case PLAN = Case.of("PlanSuite.fuse", "network", "MLP");

  @TempDir Path folder;
  private Path results;

  /** What a command wrote and how it ended. */
  private record Outcome(int status, String out, String err) {}

  @BeforeEach
  void copyResults() throws IOException {
    results = folder.resolve("here.json");
    try (InputStream in = ReportTest.class.getResourceAsStream("results.json")) {
      Files.copy(in, results);
    }
  }

  private static Outcome run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine commands = Benchmarks.commands();
    commands.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    return new Outcome(commands.execute(arguments), out.toString(), err.toString());
  }

  private Outcome report(Path... files) {
    List<String> arguments = new ArrayList<>(List.of("report"));
    for (Path file : files) {
      arguments.add(file.toString());
    }
    arguments.addAll(List.of("-o", folder.resolve("report").toString()));
    return run(arguments.toArray(String[]::new));
  }

  @Test
  void eachVirtualMachineIsOneSample() {
    Results read = Results.read(results);
    assertArrayEquals(
        new double[] {10, 20, 40}, read.of(COST, "java").orElseThrow().samples(), 1e-9);
    Ratio ratio = Report.speedUp(COST, new Report.Column(read, "native")).orElseThrow();
    // logarithms with variance (ln 2)^2 on both sides, t = 2.7764 at 4 degrees of freedom
    double halfWidth = 2.7764 * Math.log(2) * Math.sqrt(2.0 / 3);
    assertEquals(8, ratio.value(), 1e-9);
    assertEquals(8 * Math.exp(-halfWidth), ratio.low(), 1e-3);
    assertEquals(8 * Math.exp(halfWidth), ratio.high(), 2e-3);
  }

  @Test
  void aDurationHalfAsLongIsTwiceAsFast() {
    Ratio ratio =
        Report.speedUp(PLAN, new Report.Column(Results.read(results), "native")).orElseThrow();
    assertEquals(4, ratio.value(), 1e-9);
    assertEquals(4, ratio.low(), 1e-9);
    assertEquals(4, ratio.high(), 1e-9);
  }

  @Test
  void percentilesAreOverAllVirtualMachines() {
    Results read = Results.read(results);
    Histogram java = read.of(PLAN, "java").orElseThrow().durations();
    // 198 times 8 ms, then 16 and 32
    assertEquals(8, java.quantile(0.99));
    assertEquals(16, java.quantile(0.995));
    assertEquals(32, java.quantile(0.999));
  }

  @Test
  void severalRunsOfTheSameThingAreTakenTogether() {
    ResultsFile twice = ResultsFile.read(results);
    twice.add(twice.results().toString());
    assertEquals(6, Results.read(results).of(COST, "java").orElseThrow().forks());
  }

  @Test
  void tablesShowRatesRatiosLimitsLatenciesAndAllocation() {
    String text = report(results).out;
    assertTrue(
        text.contains(
            "| cost n=512 d=576 batch=1 | 96.0 GFLOP/s, 8.00 x (1.66 to 38.5), 24 % | 12.0 GFLOP/s, 3 % |"),
        text);
    assertTrue(text.contains("50.0 G exp/s, 400 GFLOP/s, 100 GB/s copied, 300 GB/s"), text);
    assertTrue(text.contains("| plan mlp | 2.00 ms, 4.00 x (4.00 to 4.00) | 8.00 ms |"), text);
    assertTrue(text.contains("## Latency of a prepared plan, p99.9"), text);
    assertTrue(text.contains("| plan mlp | 4.00 ms | 32.0 ms |"), text);
    assertTrue(text.contains("| cost n=512 d=576 batch=1 | 2.00 kB | 2800 kB |"), text);
    assertTrue(text.contains("| file read mlp | 1.50 GB/s, 7000 kB allocated |"), text);
  }

  @Test
  void severalFilesStandSideBySide() throws IOException {
    Path other = folder.resolve("there.json");
    Files.writeString(other, Files.readString(results).replace("\"native\"", "\"cuda\""));
    String text = report(results, other).out;
    assertTrue(
        text.contains("| case | cuda, there | native, here | java, here | java, there |"), text);
    assertTrue(text.contains("96.0 GFLOP/s, 8.00 x (1.66 to 38.5), 24 % | 96.0 GFLOP/s"), text);
  }

  @Test
  void chartsAreWrittenAsVectorsAndPixels() throws IOException {
    String json = Files.readString(results);
    Files.writeString(
        results,
        json.substring(0, json.lastIndexOf(']'))
            + ","
            + json.replace("\"512\"", "\"1024\"").substring(1));
    assertEquals(Benchmarks.OK, report(results).status);
    for (String chart : List.of("speed-up", "speed-up-cost", "limits", "latency-mlp")) {
      Path base = folder.resolve("report").resolve(chart);
      String svg = Files.readString(Path.of(base + ".svg"));
      assertTrue(svg.contains("<svg") && svg.contains("<path"), chart);
      var image = ImageIO.read(Path.of(base + ".png").toFile());
      Map<Integer, Integer> colours = new TreeMap<>();
      for (int x = 0; x < image.getWidth(); x++) {
        for (int y = 0; y < image.getHeight(); y++) {
          colours.merge(image.getRGB(x, y), 1, Integer::sum);
        }
      }
      assertTrue(colours.size() > 10, chart + " has " + colours.size() + " colours");
    }
    assertTrue(Files.readString(folder.resolve("report/report.md")).contains("## Throughput"));
  }

  @Test
  void badInputIsRefusedInOneSentence() throws IOException {
    Path missing = folder.resolve("missing.json");
    assertRefused("cannot read " + missing + ", expected a result of JMH", missing);
    Path bad = folder.resolve("bad.json");
    for (Map.Entry<String, String> sentence :
        Map.of(
                "{", " is no JSON, expected a result of JMH",
                "{\"a\": 1}", " is no JMH result, expected a JSON array",
                "[]", " holds no results, expected one at least")
            .entrySet()) {
      Files.writeString(bad, sentence.getKey());
      assertRefused(bad + sentence.getValue(), bad);
    }
    for (String entry :
        List.of(
            "7",
            "{}",
            "{\"benchmark\": \"a.B.c\", \"mode\": \"thrpt\"}",
            "{\"benchmark\": \"a.B.c\", \"mode\": \"thrpt\", \"primaryMetric\": {\"scoreUnit\": \"ops/s\", \"rawData\": [[\"x\"]]}, \"secondaryMetrics\": {}}")) {
      Files.writeString(bad, "[" + entry + "]");
      assertRefused("entry 0 of " + bad + " is no result as JMH 1.37 writes it", bad);
    }
  }

  private void assertRefused(String sentence, Path file) {
    Outcome outcome = report(file);
    assertEquals(Benchmarks.BAD_INPUT, outcome.status);
    assertEquals(sentence, outcome.err.strip());
  }

  @Test
  void unknownCasesRoundsAndSecondsAreRefused() {
    assertEquals(
        "--only is nothing, expected a text that some case contains",
        run("quick", "--only", "nothing").err.strip());
    assertEquals("--rounds is 0, expected 1 or above", run("quick", "--rounds", "0").err.strip());
    assertEquals(
        "--seconds is -1.0, expected a number above 0 and at most 3600",
        run("quick", "--seconds", "-1").err.strip());
  }
}
