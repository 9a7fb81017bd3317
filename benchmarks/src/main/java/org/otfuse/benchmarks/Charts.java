package org.otfuse.benchmarks;

import java.awt.Color;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiFunction;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.CategorySeries.CategorySeriesRenderStyle;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.internal.chartpart.Chart;
import org.knowm.xchart.style.Styler;
import org.otfuse.benchmarks.Report.Column;

/** The pictures of a report: speed-up by case and over size, latencies, shares of the limits. */
final class Charts {
  private static final int WIDTH = 1000;
  private static final int HEIGHT = 600;
  private static final String SPEED_UP = "Speed-up over pure Java, with 95 % intervals";
  private static final double[] PERCENTILES = {0.5, 0.9, 0.99, 0.999};
  private static final List<String> PERCENTILE_NAMES = List.of("p50", "p90", "p99", "p99.9");

  /** The parameters that tell a size. */
  private static final List<String> SIZES = List.of("n", "millions");

  private final Report report;
  private final Map<String, Chart<?, ?>> charts = new LinkedHashMap<>();

  private Charts(Report report) {
    this.report = report;
  }

  /** Charts by file name; those without anything to show are left out. */
  static Map<String, Chart<?, ?>> of(Report report) {
    Charts charts = new Charts(report);
    charts.speedUps();
    charts.shares();
    Set<String> suites = new LinkedHashSet<>();
    report.cases().forEach(what -> suites.add(what.suite()));
    suites.forEach(charts::overSize);
    report.cases().forEach(charts::latency);
    return charts.charts;
  }

  /** Points with their intervals, one for each case and back end. */
  private void speedUps() {
    CategoryChart chart =
        byCase(
            "speed-up",
            SPEED_UP,
            "times as fast",
            (what, column) -> Report.speedUp(what, column).map(ratio -> log2(ratio.value())),
            (what, column) -> Report.speedUp(what, column).map(Charts::halfWidth).orElse(0.0));
    chart.getStyler().setDefaultSeriesRenderStyle(CategorySeriesRenderStyle.Scatter);
    chart.getStyler().setyAxisTickLabelsFormattingFunction(Charts::power);
  }

  /** Bars, one for each case that has a limit, and back end. */
  private void shares() {
    byCase("limits", "Share of the machine's limit", "%", Charts::share, (what, column) -> null);
  }

  /** XChart draws intervals right on linear axes only, so that speed-ups are shown as exponents. */
  private static double log2(double value) {
    return Math.log(value) / Math.log(2);
  }

  private static String power(double exponent) {
    return Rate.number(Math.pow(2, exponent)).replaceAll("\\.?0+$", "");
  }

  /** Half of the interval as an exponent; 0 where there is none. */
  private static double halfWidth(Ratio ratio) {
    return ratio.low() > 0 ? log2(ratio.high() / ratio.value()) : 0;
  }

  private static Optional<Double> share(Case what, Column column) {
    return column
        .results()
        .of(what, column.backend())
        .flatMap(m -> Rate.of(what, m))
        .map(rate -> rate.share(column.results(), column.backend()))
        .filter(OptionalDouble::isPresent)
        .map(share -> 100 * share.getAsDouble());
  }

  private CategoryChart byCase(
      String name,
      String title,
      String unit,
      BiFunction<Case, Column, Optional<Double>> value,
      BiFunction<Case, Column, Double> error) {
    List<Case> shown =
        report.cases().stream()
            .filter(
                what -> report.columns().stream().anyMatch(c -> value.apply(what, c).isPresent()))
            .toList();
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(Math.max(WIDTH, 30 * shown.size()))
            .height(HEIGHT + 150)
            .title(title)
            .yAxisTitle(unit)
            .build();
    style(chart.getStyler());
    chart.getStyler().setXAxisLabelRotation(60);
    List<String> labels = shown.stream().map(Case::toString).toList();
    for (Column column : report.columns()) {
      List<Double> values = new ArrayList<>();
      List<Double> errors = new ArrayList<>();
      for (Case what : shown) {
        values.add(value.apply(what, column).orElse(null));
        errors.add(error.apply(what, column));
      }
      if (values.stream().anyMatch(Objects::nonNull)) {
        chart.addSeries(
            report.heading(column), labels, values, errors.contains(null) ? null : errors);
      }
    }
    if (!shown.isEmpty()) {
      charts.put(name, chart);
    }
    return chart;
  }

  /** Lines of those cases of a suite that differ in their size only. */
  private void overSize(String suite) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(suite.replace("Suite", ". ") + SPEED_UP)
            .yAxisTitle("times as fast")
            .build();
    style(chart.getStyler());
    chart.getStyler().setxAxisTickLabelsFormattingFunction(Charts::power);
    chart.getStyler().setyAxisTickLabelsFormattingFunction(Charts::power);
    for (Column column : report.columns()) {
      Map<String, SortedMap<Double, Ratio>> lines = new LinkedHashMap<>();
      for (Case what : report.cases()) {
        Optional<String> size = SIZES.stream().filter(what.parameters()::containsKey).findFirst();
        Optional<Ratio> ratio = Report.speedUp(what, column);
        if (what.suite().equals(suite) && size.isPresent() && ratio.isPresent()) {
          Map<String, String> rest = new LinkedHashMap<>(what.parameters());
          double x = log2(Double.parseDouble(rest.remove(size.get())));
          String name = report.heading(column) + " " + Case.described(rest);
          lines.computeIfAbsent(name, n -> new TreeMap<>()).put(x, ratio.get());
          chart.setXAxisTitle(size.get());
        }
      }
      lines.forEach((name, line) -> add(chart, name, line));
    }
    if (!chart.getSeriesMap().isEmpty()) {
      charts.put("speed-up-" + suite.replace("Suite", "").toLowerCase(Locale.ROOT), chart);
    }
  }

  private static void add(XYChart chart, String name, SortedMap<Double, Ratio> line) {
    if (line.size() > 1) {
      chart.addSeries(
          name,
          new ArrayList<>(line.keySet()),
          line.values().stream().map(ratio -> log2(ratio.value())).toList(),
          line.values().stream().map(Charts::halfWidth).toList());
    }
  }

  /** The percentiles of the back ends for one plan. */
  private void latency(Case what) {
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title("Latency of a prepared plan, " + Case.described(what.parameters()))
            .yAxisTitle("ms")
            .build();
    style(chart.getStyler());
    chart.getStyler().setDefaultSeriesRenderStyle(CategorySeriesRenderStyle.Line);
    chart.getStyler().setOverlapped(true);
    chart.getStyler().setYAxisLogarithmic(true);
    for (Column column : report.columns()) {
      Optional<Histogram> durations =
          column.results().of(what, column.backend()).map(Measurement::durations);
      if (durations.isPresent() && !durations.get().isEmpty()) {
        List<Double> values = new ArrayList<>();
        for (double percentile : PERCENTILES) {
          values.add(durations.get().quantile(percentile));
        }
        chart.addSeries(report.heading(column), PERCENTILE_NAMES, values);
      }
    }
    if (!chart.getSeriesMap().isEmpty()) {
      charts.put("latency-" + Case.described(what.parameters()).replace(' ', '-'), chart);
    }
  }

  private static void style(Styler styler) {
    styler.setLegendPosition(Styler.LegendPosition.OutsideE);
    styler.setChartBackgroundColor(Color.WHITE);
  }
}
