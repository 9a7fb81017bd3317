package org.otfuse.cli;

import java.io.PrintWriter;
import java.nio.file.Path;

/** A fusion report for people. */
final class FusionText {
  private final FusionReport report;

  FusionText(FusionReport report) {
    this.report = report;
  }

  void print(PrintWriter out, Path output) {
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
    report.warnings().forEach(warning -> out.println("warning: " + OneLine.of(warning)));
    if (report.accuracy() != null) {
      printAccuracy(out, report.accuracy());
    }
    out.printf(
        "Anchor model %d, weights %s, statistics %s.%n",
        report.anchor(),
        String.join(", ", report.weights().stream().map(Table::number).toList()),
        report.statistics());
    out.printf(
        "Wrote %s, fused by the %s back end in %s.%n",
        OneLine.of(output.toString()), report.backend(), Table.seconds(report.seconds().total()));
    out.flush();
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
