package org.otfuse.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.otfuse.FeatureKind;
import org.otfuse.Solver;

/** A fusion as one page for a browser: no script, and nothing that is not in the file. */
final class ReportPage {
  private static final String XHTML = "http://www.w3.org/1999/xhtml";
  private static final int MEBIBYTE = 1 << 20;

  private final FusionStory story;
  private final FusionReport report;
  private final Markup page = new Markup();
  private final ReportTables tables = new ReportTables(page);

  ReportPage(FusionStory story) {
    this.story = story;
    this.report = story.report();
  }

  /** The whole page. */
  String text() {
    String title = "Fusion report: " + story.output().getFileName();
    page.open("html", "xmlns", XHTML, "lang", "en").open("head");
    page.empty("meta", "charset", "utf-8");
    page.empty("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
    page.element("title", title).element("style", style()).close();
    page.open("body").open("main").element("h1", title);
    lead();
    if (report.accuracy() != null) {
      accuracy(report.accuracy());
    }
    warnings();
    models();
    new GroupSections(story, page, tables).write();
    time(report.seconds());
    choices();
    versions();
    repeat();
    page.close().close().close();
    return page.toString();
  }

  private static String style() {
    try (InputStream in = ReportPage.class.getResourceAsStream("report.css")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void lead() {
    page.element(
        "p",
        "%d models became one, in the neuron order of %s, in %s on the %s back end."
            .formatted(
                story.inputs().files().size(),
                story.name(report.anchor()),
                seconds(report.seconds().total()),
                report.backend()));
  }

  private void accuracy(FusionReport.Accuracy accuracy) {
    page.open("section").element("h2", "Accuracy");
    page.element(
        "p",
        "Percent of %s test samples that are classified rightly."
            .formatted(ReportTables.count(accuracy.samples())),
        "class",
        "note");
    List<ReportTables.Bar> bars = new ArrayList<>();
    for (int k = 0; k < accuracy.models().size(); k++) {
      bars.add(percent("model " + k + ", " + story.name(k), accuracy.models().get(k), false));
    }
    if (accuracy.vanilla() != null) {
      bars.add(percent("plain average", accuracy.vanilla(), false));
    }
    bars.add(percent("fused", accuracy.fused(), true));
    bars.add(percent("ensemble of the models", accuracy.ensemble(), false));
    tables.bars("accuracy", bars);
    if (accuracy.vanilla() == null) {
      page.element("p", "The models have different widths, so there is no plain average.");
    }
    page.close();
  }

  private static ReportTables.Bar percent(String label, double value, boolean strong) {
    return new ReportTables.Bar(label, value, Table.percent(value) + " %", strong);
  }

  private void warnings() {
    List<String> warnings = new ArrayList<>(report.warnings());
    for (FusionReport.Group group : report.groups()) {
      if (!group.converged()) {
        warnings.add(
            "The coupling of %s of model %d did not converge in %s iterations; violation %s."
                .formatted(
                    group.name(),
                    group.model(),
                    ReportTables.count(group.iterations()),
                    Table.number(group.violation())));
      }
    }
    page.open("section").element("h2", "Warnings");
    if (warnings.isEmpty()) {
      page.element("p", "None.");
    } else {
      page.open("ul", "class", "warn");
      warnings.forEach(warning -> page.element("li", warning));
      page.close();
    }
    page.close();
  }

  private void models() {
    page.open("section").element("h2", "Models");
    tables.open("models", "", "file", "# parameters", "# MiB", "# weight");
    for (int k = 0; k < story.inputs().files().size(); k++) {
      tables.row(
          "model " + k + (k == report.anchor() ? " (anchor)" : ""),
          story.name(k),
          ReportTables.count(story.parameters(k)),
          String.format(Locale.ROOT, "%.2f", (double) story.bytes(k) / MEBIBYTE),
          Table.number(report.weights().get(k)));
    }
    tables.close();
    page.close();
  }

  private void time(FusionReport.Seconds seconds) {
    page.open("section").element("h2", "Time");
    List<ReportTables.Bar> bars = new ArrayList<>();
    bars.add(duration("read files", seconds.read()));
    bars.add(duration("trace graphs", seconds.trace()));
    bars.add(duration("features", seconds.features()));
    bars.add(duration("cost", seconds.cost()));
    bars.add(duration("solve", seconds.solve()));
    bars.add(duration("average", seconds.average()));
    bars.add(duration("search for anchor and weights", seconds.search()));
    bars.add(duration("correction", seconds.correction()));
    bars.add(duration("write", seconds.write()));
    double longest = bars.stream().mapToDouble(ReportTables.Bar::share).max().orElseThrow();
    tables.bars("time", bars.stream().map(bar -> bar.of(longest)).toList());
    page.element(
        "p",
        "%s in all, with the drawing of the couplings and without evaluation."
            .formatted(seconds(seconds.total())),
        "class",
        "note");
    page.close();
  }

  private static ReportTables.Bar duration(String label, double seconds) {
    return new ReportTables.Bar(label, seconds, seconds(seconds), false);
  }

  /** Seconds to the millisecond. */
  static String seconds(double value) {
    return String.format(Locale.ROOT, "%.3f s", value);
  }

  private void alignment() {
    tables.fact("features", Choice.label(story.features()));
    tables.fact("metric", Choice.label(story.options().alignment().metric()));
    tables.fact("marginals", Choice.label(story.options().alignment().marginals()));
    tables.fact("residuals", Choice.label(story.options().alignment().residuals()));
    tables.fact("solver", Choice.label(story.options().alignment().solver()));
    if (story.options().alignment().solver() == Solver.SINKHORN) {
      tables.fact("epsilon", String.valueOf(story.options().alignment().sinkhorn().epsilon()));
      tables.fact(
          "tau",
          story.options().alignment().sinkhorn().balanced()
              ? "none, marginals hold"
              : String.valueOf(story.options().alignment().sinkhorn().tau()));
      tables.fact(
          "annealing",
          story.options().alignment().sinkhorn().annealing() == 0
              ? "none"
              : String.valueOf(story.options().alignment().sinkhorn().annealing()));
    }
    tables.fact(
        "sweeps of coordinate descent", String.valueOf(story.options().alignment().sweeps()));
  }

  private void choices() {
    FusionRequest request = story.request();
    page.open("section").element("h2", "Options");
    tables.openFacts();
    if (report.selection().isEmpty()) {
      alignment();
    }
    tables.fact(
        "anchor", (request.anchor().isAutomatic() ? "auto, which chose " : "") + report.anchor());
    tables.fact(
        "weights",
        (request.weights().auto() ? "auto, which chose " : "")
            + String.join(", ", report.weights().stream().map(Table::number).toList()));
    tables.fact("merge", report.merge());
    tables.fact("correction", report.correction());
    tables.fact("calibration data", request.calibration().map(Object::toString).orElse("none"));
    if (story.features() == FeatureKind.ACTIVATIONS) {
      tables.fact(
          "most samples that neurons are compared on",
          ReportTables.count(request.samples().orElse(FusionRequest.SAMPLES)));
    }
    tables.fact("test data", request.test().map(Object::toString).orElse("none"));
    tables.fact("seed", String.valueOf(request.seed().orElse(FusionRequest.SEED)));
    tables.closeFacts();
    page.close();
  }

  private void versions() {
    page.open("section").element("h2", "Versions");
    tables.openFacts();
    for (String version : new Version().getVersion()) {
      int space = version.indexOf(' ');
      tables.fact(version.substring(0, space), version.substring(space + 1));
    }
    tables.fact("back end", report.backend());
    tables.fact("its libraries", story.backend().version());
    tables.fact("device", story.backend().device());
    tables.fact("system", System.getProperty("os.name") + ", " + System.getProperty("os.arch"));
    tables.closeFacts();
    page.close();
  }

  private void repeat() {
    page.open("section").element("h2", "The same again");
    page.element("p", "As it was typed, in the folder where it was typed.", "class", "note");
    page.open("pre");
    page.element("code", "otfuse " + ShellWords.join(story.command()));
    page.close().close();
  }
}
