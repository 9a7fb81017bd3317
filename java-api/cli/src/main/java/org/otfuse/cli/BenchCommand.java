package org.otfuse.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.otfuse.BackendChoice;
import org.otfuse.BackendStatus;
import org.otfuse.Backends;
import org.otfuse.FusionEngine;
import org.otfuse.InvalidInputException;
import org.otfuse.spi.MachineLimits;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code otfuse bench}: the usable back ends side by side on this machine. */
@Command(
    name = "bench",
    description = "Times the usable back ends side by side, beside the limits of this machine.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class BenchCommand implements Callable<Integer> {
  private static final int LEAST_SAMPLES = 3;
  private static final int MOST_SAMPLES = 1000;
  private static final int WARM_UPS = 1;
  private static final int MOST_SECONDS = 3600;

  /** The keys of the JSON object; limits is null where no back end can measure them. */
  private record Result(MachineLimits limits, List<Row> rows) {}

  /**
   * One back end on one workload: milliseconds, how many times as fast as pure Java, units a
   * second, and the share of the machine's limit in percent, null where none applies.
   */
  private record Row(
      String workload,
      String backend,
      double median,
      double p99,
      double timesJava,
      double rate,
      String unit,
      Double shareOfLimit) {}

  @Spec private CommandSpec spec;

  @Option(
      names = "--seconds",
      paramLabel = "X",
      defaultValue = "1",
      description =
          "Seconds for each back end and workload, 0 to run each once; default ${DEFAULT-VALUE}.")
  private double seconds;

  @Option(names = "--json", description = "Print the result as one JSON object.")
  private boolean json;

  BenchCommand() {}

  @Override
  public Integer call() {
    if (!(seconds >= 0 && seconds <= MOST_SECONDS)) {
      throw new InvalidInputException(
          "--seconds is %s, expected 0 to %d.".formatted(seconds, MOST_SECONDS));
    }
    List<FusionEngine> engines = new ArrayList<>();
    try (Bars bars = new Bars()) {
      for (BackendStatus status : Backends.statuses()) {
        if (status.usable()) {
          engines.add(FusionEngine.open(status.choice()));
        }
      }
      Optional<MachineLimits> limits =
          engines.stream().flatMap(e -> e.backend().limits().stream()).findFirst();
      List<BenchWorkloads.Workload> workloads = BenchWorkloads.all();
      List<Row> rows = new ArrayList<>();
      for (int w = 0; w < workloads.size(); w++) {
        rows.addAll(rows(workloads.get(w), engines, limits));
        bars.stage("bench").step(w + 1, workloads.size());
      }
      print(new Result(limits.orElse(null), rows));
    } finally {
      engines.forEach(FusionEngine::close);
    }
    return Main.OK;
  }

  private List<Row> rows(
      BenchWorkloads.Workload workload,
      List<FusionEngine> engines,
      Optional<MachineLimits> limits) {
    List<double[]> samples = engines.stream().map(e -> measure(workload, e)).toList();
    double java = 0;
    for (int e = 0; e < engines.size(); e++) {
      if (engines.get(e).backend().name().equals(BackendChoice.JAVA.label())) {
        java = quantile(samples.get(e), 0.5);
      }
    }
    List<Row> rows = new ArrayList<>();
    for (int e = 0; e < engines.size(); e++) {
      double median = quantile(samples.get(e), 0.5);
      double rate = workload.amount() / median;
      Double share =
          limits
              .flatMap(l -> workload.limit().map(limit -> 100 * rate / limit.applyAsDouble(l)))
              .orElse(null);
      rows.add(
          new Row(
              workload.name(),
              engines.get(e).backend().name(),
              1e3 * median,
              1e3 * quantile(samples.get(e), 0.99),
              java / median,
              rate,
              workload.unit() + "/s",
              share));
    }
    return rows;
  }

  /** Sorted seconds of single runs. */
  private double[] measure(BenchWorkloads.Workload workload, FusionEngine engine) {
    try (BenchWorkloads.Workload.Run run = workload.prepare().apply(engine)) {
      boolean once = seconds == 0;
      long warm = System.nanoTime();
      for (int i = once ? WARM_UPS : 0;
          i < WARM_UPS || System.nanoTime() - warm < seconds * 1e9;
          i++) {
        run.once();
      }
      double[] samples = new double[MOST_SAMPLES];
      int count = 0;
      double total = 0;
      while (count < (once ? 1 : LEAST_SAMPLES) || total < seconds && count < MOST_SAMPLES) {
        long start = System.nanoTime();
        run.once();
        samples[count] = (System.nanoTime() - start) / 1e9;
        total += samples[count++];
      }
      double[] sorted = Arrays.copyOf(samples, count);
      Arrays.sort(sorted);
      return sorted;
    }
  }

  private static double quantile(double[] sorted, double q) {
    return sorted[(int) Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
  }

  private void print(Result result) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Json.print(out, result);
      return;
    }
    MachineLimits limits = result.limits;
    if (limits != null) {
      out.printf(
          Locale.ROOT,
          "Measured limits of this machine: %.1f G exp2/s, matrix-vector %.1f GB/s, copy %.1f GB/s,"
              + " fused multiply-add %.0f GFLOP/s.%n%n",
          limits.exp2PerSecond() / 1e9,
          limits.matrixVectorBytesPerSecond() / 1e9,
          limits.copyBytesPerSecond() / 1e9,
          limits.sgemmFlopsPerSecond() / 1e9);
    }
    String workload = "";
    Table table = null;
    for (Row row : result.rows) {
      if (!row.workload.equals(workload)) {
        if (table != null) {
          out.println(table);
        }
        workload = row.workload;
        out.println(workload);
        table = new Table("  back end", "median ms", "p99 ms", "times java", "rate", "of limit");
      }
      table.add(
          "  " + row.backend,
          String.format(Locale.ROOT, "%.3f", row.median),
          String.format(Locale.ROOT, "%.3f", row.p99),
          String.format(Locale.ROOT, "%.1f", row.timesJava),
          Table.number(row.rate) + " " + row.unit,
          row.shareOfLimit == null ? "-" : String.format(Locale.ROOT, "%.0f %%", row.shareOfLimit));
    }
    if (table != null) {
      out.print(table);
    }
    out.flush();
  }
}
