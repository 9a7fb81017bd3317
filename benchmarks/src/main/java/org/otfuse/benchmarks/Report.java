package org.otfuse.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import org.otfuse.BackendChoice;

/** The tables of a report in Markdown, files and back ends side by side. */
final class Report {
  private static final List<String> ORDER = List.of("cuda", "native", "nd4j", "java", "");
  private static final double[] PERCENTILES = {0.5, 0.99, 0.999};
  static final String JAVA = BackendChoice.JAVA.label();

  private final List<Results> files;

  Report(List<Results> files) {
    this.files = files;
  }

  /**
   * One back end of one file.
   *
   * @param results the file
   * @param backend its label
   */
  record Column(Results results, String backend) {}

  /**
   * All back ends of all files that have one, the fastest first and a back end's files together.
   */
  List<Column> columns() {
    List<Column> columns = new ArrayList<>();
    for (String backend : ORDER) {
      for (Results results : files) {
        if (!backend.isEmpty()
            && results.cases().values().stream().anyMatch(m -> m.containsKey(backend))) {
          columns.add(new Column(results, backend));
        }
      }
    }
    return columns;
  }

  /** The column's heading: the file is named where there are several. */
  String heading(Column column) {
    return files.size() > 1 ? column.backend + ", " + column.results.label() : column.backend;
  }

  /** The cases of all files but the limits, in order of their first appearance. */
  Set<Case> cases() {
    Set<Case> cases = new LinkedHashSet<>();
    files.forEach(results -> cases.addAll(results.cases().keySet()));
    cases.removeIf(Rate::isLimit);
    return cases;
  }

  /** How many times as fast as pure Java in the same file. */
  static Optional<Ratio> speedUp(Case what, Column column) {
    Optional<Measurement> java = column.results.of(what, JAVA);
    return column.backend.equals(JAVA)
        ? Optional.empty()
        : column.results.of(what, column.backend).flatMap(m -> java.map(m::speedUp));
  }

  String markdown() {
    StringBuilder text = new StringBuilder("# otfuse benchmarks\n\n");
    text.append(
        """
        "x" is how many times as fast as pure Java, with the 95 % interval of the ratio (Welch's
        t-interval of logarithms over the means of single JVMs, or over iterations where there was
        only one); "%" is the share of the machine's limit.

        """);
    files.forEach(results -> text.append(limits(results)));
    table(text, "Throughput", c -> !latency(c) && backends(c), this::throughput);
    for (double percentile : PERCENTILES) {
      String title =
          "Latency of a prepared plan, p" + Rate.number(100 * percentile).replaceAll("\\.?0+$", "");
      table(text, title, this::latency, (what, column) -> latency(what, column, percentile));
    }
    table(text, "Allocation on the Java heap", this::backends, Report::allocation);
    fileTable(text);
    return text.toString();
  }

  private boolean latency(Case what) {
    return files.stream()
        .flatMap(results -> results.cases().getOrDefault(what, Map.of()).values().stream())
        .anyMatch(m -> !m.durations().isEmpty());
  }

  private boolean backends(Case what) {
    return files.stream()
        .anyMatch(results -> !results.cases().getOrDefault(what, Map.of()).containsKey(""));
  }

  private static String limits(Results results) {
    StringBuilder text = new StringBuilder();
    for (String backend : ORDER) {
      Rate.limits(results, backend)
          .filter(l -> results.of(Case.of("LimitsSuite.limits"), backend).isPresent())
          .ifPresent(
              l ->
                  text.append(
                      "Limits in %s, measured by %s: %s G exp/s, %s GFLOP/s, %s GB/s copied, %s GB/s of cached matrix-vector products.%n%n"
                          .formatted(
                              results.label(),
                              backend,
                              Rate.number(l.counter("gigaexp")),
                              Rate.number(l.counter("gigaflop")),
                              Rate.number(l.counter("gigabyte")),
                              Rate.number(l.counter("cachedGigabyte")))));
    }
    return text.toString();
  }

  private void table(
      StringBuilder text,
      String title,
      Predicate<Case> which,
      BiFunction<Case, Column, Optional<String>> cell) {
    List<Case> rows = cases().stream().filter(which).toList();
    List<Column> columns = columns();
    if (rows.isEmpty()) {
      return;
    }
    text.append("## ").append(title).append("\n\n| case |");
    columns.forEach(column -> text.append(' ').append(heading(column)).append(" |"));
    text.append("\n| --- |").append(" --- |".repeat(columns.size())).append('\n');
    for (Case row : rows) {
      text.append("| ").append(row).append(" |");
      columns.forEach(
          column -> text.append(' ').append(cell.apply(row, column).orElse("-")).append(" |"));
      text.append('\n');
    }
    text.append('\n');
  }

  private Optional<String> throughput(Case what, Column column) {
    return column
        .results
        .of(what, column.backend)
        .map(
            m -> {
              Optional<Rate> rate = Rate.of(what, m);
              String value =
                  rate.map(Rate::toString).orElseGet(() -> Rate.number(m.mean()) + " " + m.unit());
              OptionalDouble share =
                  rate.map(r -> r.share(column.results, column.backend))
                      .orElse(OptionalDouble.empty());
              String ofLimit =
                  share.isPresent()
                      ? String.format(Locale.ROOT, ", %.0f %%", 100 * share.getAsDouble())
                      : "";
              return value + times(what, column) + ofLimit;
            });
  }

  private static String times(Case what, Column column) {
    return speedUp(what, column).map(ratio -> ", " + text(ratio)).orElse("");
  }

  static String text(Ratio ratio) {
    return Rate.number(ratio.value())
        + " x ("
        + (ratio.low() > 0
            ? Rate.number(ratio.low()) + " to " + Rate.number(ratio.high())
            : "one sample")
        + ")";
  }

  private Optional<String> latency(Case what, Column column, double percentile) {
    return column
        .results
        .of(what, column.backend)
        .map(
            m ->
                Rate.number(m.durations().quantile(percentile))
                    + " "
                    + m.unit().replace("/op", "")
                    + (percentile == PERCENTILES[0] ? times(what, column) : ""));
  }

  private static Optional<String> allocation(Case what, Column column) {
    return column
        .results
        .of(what, column.backend)
        .map(m -> Rate.number(Results.allocation(m) / 1e3) + " kB");
  }

  /** What no back end takes part in: one column a file. */
  private void fileTable(StringBuilder text) {
    Map<Case, List<String>> rows = new LinkedHashMap<>();
    for (Case what : cases()) {
      List<String> row = new ArrayList<>();
      for (Results results : files) {
        row.add(
            results
                .of(what, "")
                .map(
                    m ->
                        Rate.of(what, m).map(Rate::toString).orElse("-")
                            + ", "
                            + Rate.number(Results.allocation(m) / 1e3)
                            + " kB allocated")
                .orElse("-"));
      }
      if (row.stream().anyMatch(cell -> !cell.equals("-"))) {
        rows.put(what, row);
      }
    }
    if (!rows.isEmpty()) {
      text.append("## Model files\n\n| case |");
      files.forEach(results -> text.append(' ').append(results.label()).append(" |"));
      text.append("\n| --- |").append(" --- |".repeat(files.size())).append('\n');
      rows.forEach(
          (what, row) -> text.append("| %s | %s |%n".formatted(what, String.join(" | ", row))));
      text.append('\n');
    }
  }
}
