package org.otfuse.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import org.otfuse.models.closedform.GroupSelection;

/** A fusion report for people. */
final class FusionText {
  /** Warnings that are printed in full. */
  private static final int MOST_WARNINGS = 3;

  private final FusionReport report;

  FusionText(FusionReport report) {
    this.report = report;
  }

  void print(PrintWriter out, Path output) {
    if (!report.selection().isEmpty()) {
      printSelection(out);
    } else {
      printGroups(out);
    }
    if (!report.layers().isEmpty()) {
      printLayers(out);
    }
    printWarnings(out);
    if (report.accuracy() != null) {
      printAccuracy(out, report.accuracy());
    }
    String verb = report.selection().isEmpty() ? "Aligned" : "Selected among";
    out.println(OneLine.of(report.alignment().words(verb)));
    out.printf(
        "Anchor model %d, weights %s, merge %s, correction %s.%n",
        report.anchor(),
        String.join(", ", report.weights().stream().map(Table::number).toList()),
        report.merge(),
        report.correction());
    out.printf(
        "Wrote %s, fused by the %s back end in %s.%n",
        OneLine.of(output.toString()), report.backend(), Table.seconds(report.seconds().total()));
    out.flush();
  }

  /** A few in full; of many the first, because they mostly say the same of many nodes. */
  private void printWarnings(PrintWriter out) {
    List<String> warnings = report.warnings();
    warnings.stream()
        .limit(warnings.size() > MOST_WARNINGS ? 1 : MOST_WARNINGS)
        .forEach(warning -> out.println("warning: " + OneLine.of(warning)));
    if (warnings.size() > MOST_WARNINGS) {
      out.printf(
          "warning: %d more, which --json and 'otfuse inspect' list.%n", warnings.size() - 1);
    }
  }

  private void printSelection(PrintWriter out) {
    Table groups = new Table("neuron group", "neurons kept of each model", "of", "not explained %");
    for (GroupSelection group : report.selection()) {
      groups.add(
          group.name(),
          list(group.shares()),
          list(group.sizes()),
          Table.percent(100 * group.error()));
    }
    out.print(groups);
    out.println();
  }

  private static String list(List<Integer> numbers) {
    return String.join(" + ", numbers.stream().map(String::valueOf).toList());
  }

  private void printLayers(PrintWriter out) {
    Table layers = new Table("layer", "off by %", "after refit %", "left because");
    for (FusionReport.Layer layer : report.layers()) {
      boolean left = layer.obstacle() != null;
      layers.add(
          layer.name(),
          left ? "-" : Table.percent(100 * layer.before()),
          left ? "-" : Table.percent(100 * layer.after()),
          left ? layer.obstacle() : "");
    }
    out.print(layers);
    out.println();
  }

  private void printGroups(PrintWriter out) {
    Table groups = new Table("neuron group", "model", "neurons", "solver", "cost", "converged");
    for (FusionReport.Group group : report.groups()) {
      groups.add(
          group.name(),
          String.valueOf(group.model()),
          String.valueOf(group.size()),
          group.solver(),
          Table.number(group.cost()),
          group.converged() ? "yes" : "no (violation " + Table.number(group.violation()) + ")");
    }
    out.print(groups);
    out.println();
  }

  private static void printAccuracy(PrintWriter out, FusionReport.Accuracy accuracy) {
    Table table = new Table("accuracy on " + accuracy.samples() + " samples", "%");
    for (int k = 0; k < accuracy.models().size(); k++) {
      table.add("model " + k, Table.percent(accuracy.models().get(k)));
    }
    table.add(
        "plain average", accuracy.vanilla() == null ? "-" : Table.percent(accuracy.vanilla()));
    table.add("fused", Table.percent(accuracy.fused()));
    table.add("ensemble of the models", Table.percent(accuracy.ensemble()));
    out.print(table);
    out.println();
  }
}
