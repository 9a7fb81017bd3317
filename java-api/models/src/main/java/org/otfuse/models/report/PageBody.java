package org.otfuse.models.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.otfuse.FeatureKind;
import org.otfuse.GroupReport;
import org.otfuse.Solver;
import org.otfuse.models.OnnxFusionResult;

/** A fusion as one page for a browser: no script, and nothing that is not in the file. */
final class PageBody {
  private static final String XHTML = "http://www.w3.org/1999/xhtml";
  private static final int MEBIBYTE = 1 << 20;

  private final OnnxFusionResult result;
  private final String title;
  private final CouplingPictures pictures;
  private final Map<String, String> versions;
  private final Optional<String> command;
  private final Markup page = new Markup();
  private final ReportTables tables = new ReportTables(page);

  PageBody(
      OnnxFusionResult result,
      String title,
      CouplingPictures pictures,
      Map<String, String> versions,
      Optional<String> command) {
    this.result = result;
    this.title = "Fusion report: " + title;
    this.pictures = pictures;
    this.versions = versions;
    this.command = command;
  }

  /** The whole page. */
  String text() {
    page.open("html", "xmlns", XHTML, "lang", "en").open("head");
    page.empty("meta", "charset", "utf-8");
    page.empty("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
    page.element("title", title).element("style", style()).close();
    page.open("body").open("main").element("h1", title);
    lead();
    result.accuracy().ifPresent(this::accuracy);
    warnings();
    models();
    new GroupSections(result, pictures, page, tables).write();
    time(result.seconds());
    choices();
    versions();
    command.ifPresent(this::repeat);
    page.close().close().close();
    return page.toString();
  }

  private static String style() {
    try (InputStream in = PageBody.class.getResourceAsStream("report.css")) {
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
                result.parents().size(),
                result.parents().get(result.anchor()).name(),
                Words.seconds(result.seconds().total()),
                result.backend().name()));
  }

  private void accuracy(OnnxFusionResult.Accuracy accuracy) {
    page.open("section").element("h2", "Accuracy");
    page.element(
        "p",
        "Percent of %s test samples that are classified rightly."
            .formatted(Words.count(accuracy.samples())),
        "class",
        "note");
    List<ReportTables.Bar> bars = new ArrayList<>();
    for (int k = 0; k < accuracy.models().size(); k++) {
      bars.add(
          percent(
              "model " + k + ", " + result.parents().get(k).name(),
              accuracy.models().get(k),
              false));
    }
    accuracy.plain().ifPresent(value -> bars.add(percent("plain average", value, false)));
    bars.add(percent("fused", accuracy.fused(), true));
    bars.add(percent("ensemble of the models", accuracy.ensemble(), false));
    tables.bars("accuracy", bars);
    if (accuracy.plain().isEmpty()) {
      page.element("p", "The models have different widths, so there is no plain average.");
    }
    page.close();
  }

  private static ReportTables.Bar percent(String label, double value, boolean strong) {
    return new ReportTables.Bar(label, value, Words.percent(value) + " %", strong);
  }

  private void warnings() {
    List<String> warnings = new ArrayList<>(result.warnings());
    for (GroupReport group : result.groups()) {
      if (!group.transport().converged()) {
        warnings.add(
            "The coupling of %s of model %d did not converge in %s iterations; violation %s."
                .formatted(
                    group.name(),
                    group.model(),
                    Words.count(group.transport().iterations()),
                    Words.number(group.transport().violation())));
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
    for (int k = 0; k < result.parents().size(); k++) {
      tables.row(
          "model " + k + (k == result.anchor() ? " (anchor)" : ""),
          result.parents().get(k).name(),
          Words.count(result.parents().get(k).parameters()),
          String.format(Locale.ROOT, "%.2f", (double) result.parents().get(k).bytes() / MEBIBYTE),
          Words.number(result.weights().get(k)));
    }
    tables.close();
    page.close();
  }

  private void time(OnnxFusionResult.Seconds seconds) {
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
            .formatted(Words.seconds(seconds.total())),
        "class",
        "note");
    page.close();
  }

  private static ReportTables.Bar duration(String label, double seconds) {
    return new ReportTables.Bar(label, seconds, Words.seconds(seconds), false);
  }

  private void alignment() {
    tables.fact("features", Words.label(result.features()));
    tables.fact("metric", Words.label(result.options().alignment().metric()));
    tables.fact("marginals", Words.label(result.options().alignment().marginals()));
    tables.fact("residuals", Words.label(result.options().alignment().residuals()));
    tables.fact("solver", Words.label(result.options().alignment().solver()));
    if (result.options().alignment().solver() == Solver.SINKHORN) {
      tables.fact("epsilon", String.valueOf(result.options().alignment().sinkhorn().epsilon()));
      tables.fact(
          "tau",
          result.options().alignment().sinkhorn().balanced()
              ? "none, marginals hold"
              : String.valueOf(result.options().alignment().sinkhorn().tau()));
      tables.fact(
          "annealing",
          result.options().alignment().sinkhorn().annealing() == 0
              ? "none"
              : String.valueOf(result.options().alignment().sinkhorn().annealing()));
    }
    tables.fact(
        "sweeps of coordinate descent", String.valueOf(result.options().alignment().sweeps()));
  }

  private void choices() {
    OnnxFusionResult.Asked asked = result.asked();
    page.open("section").element("h2", "Options");
    tables.openFacts();
    if (result.selection().isEmpty()) {
      alignment();
    }
    tables.fact("anchor", (asked.anchorSearched() ? "auto, which chose " : "") + result.anchor());
    tables.fact(
        "weights",
        (asked.weightsSearched() ? "auto, which chose " : "")
            + String.join(", ", result.weights().stream().map(Words::number).toList()));
    tables.fact("merge", Words.label(result.strategy().merge()));
    tables.fact("correction", Words.label(result.strategy().correction()));
    tables.fact("calibration data", asked.calibration().orElse("none"));
    if (result.features() == FeatureKind.ACTIVATIONS) {
      tables.fact("most samples that neurons are compared on", Words.count(asked.samples()));
    }
    tables.fact("test data", asked.test().orElse("none"));
    tables.fact("seed", String.valueOf(asked.seed()));
    tables.closeFacts();
    page.close();
  }

  private void versions() {
    page.open("section").element("h2", "Versions");
    tables.openFacts();
    versions.forEach(tables::fact);
    tables.fact("Java", Runtime.version().toString());
    tables.fact("back end", result.backend().name());
    tables.fact("its libraries", result.backend().version());
    tables.fact("device", result.backend().device());
    tables.fact("system", System.getProperty("os.name") + ", " + System.getProperty("os.arch"));
    tables.closeFacts();
    page.close();
  }

  private void repeat(String words) {
    page.open("section").element("h2", "The same again");
    page.element("p", "As it was typed, in the folder where it was typed.", "class", "note");
    page.open("pre");
    page.element("code", words);
    page.close().close();
  }
}
