package org.otfuse.cli;

import java.util.List;
import org.otfuse.GroupReport;
import org.otfuse.models.closedform.GroupSelection;
import org.otfuse.models.closedform.LayerFit;

/**
 * What {@code fuse} reports; with {@code --json} the components become the keys.
 *
 * @param backend what did the numeric work
 * @param anchor index of the anchor
 * @param weights one a model, given or chosen
 * @param merge how neurons were merged: transport or select
 * @param correction what was done after that: none, reset, repair or refit
 * @param seconds where the time went
 * @param groups how each neuron group was aligned
 * @param selection whose neurons were kept in each group
 * @param layers how near refit layers came to their goals
 * @param accuracy how good the models are; null without test data
 * @param warnings what keeps neurons from being aligned
 * @param alignment how many neurons were
 */
record FusionReport(
    String backend,
    int anchor,
    List<Double> weights,
    String merge,
    String correction,
    Seconds seconds,
    List<Group> groups,
    List<GroupSelection> selection,
    List<Layer> layers,
    Accuracy accuracy,
    List<String> warnings,
    AlignedShare alignment) {
  /** The same once the model has been written, in so many seconds. */
  FusionReport written(double write) {
    return new FusionReport(
        backend,
        anchor,
        weights,
        merge,
        correction,
        seconds.plus(write),
        groups,
        selection,
        layers,
        accuracy,
        warnings,
        alignment);
  }

  /**
   * Seconds of each stage; search chooses the anchor and weights; total is wall time without
   * evaluation.
   */
  record Seconds(
      double read,
      double trace,
      double features,
      double cost,
      double solve,
      double average,
      double search,
      double correction,
      double write,
      double total) {
    private Seconds plus(double writing) {
      return new Seconds(
          read,
          trace,
          features,
          cost,
          solve,
          average,
          search,
          correction,
          write + writing,
          total + writing);
    }
  }

  /** One neuron group of one model. */
  record Group(
      String name,
      int model,
      int size,
      String solver,
      double cost,
      int iterations,
      double violation,
      boolean converged) {
    static Group of(GroupReport report) {
      return new Group(
          report.name(),
          report.model(),
          report.size(),
          report.solver(),
          report.transport().transportCost(),
          report.transport().iterations(),
          report.transport().violation(),
          report.transport().converged());
    }
  }

  /**
   * One layer after a refit: squared distance from its goal before and after, relative to the goal;
   * or why it was left as merged.
   */
  record Layer(String name, double before, double after, String obstacle) {
    static Layer of(LayerFit fit) {
      return new Layer(fit.name(), fit.before(), fit.after(), fit.obstacle().orElse(null));
    }
  }

  /** Percent of test samples classified rightly; vanilla is null where shapes differ. */
  record Accuracy(
      List<Double> models, Double vanilla, double fused, double ensemble, int samples) {}
}
