package org.otfuse.cli;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.otfuse.GroupReport;
import org.otfuse.Solver;
import org.otfuse.models.OnnxFusionResult;
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
    OnnxFusionResult.Seconds seconds,
    List<Group> groups,
    List<GroupSelection> selection,
    List<Layer> layers,
    Accuracy accuracy,
    List<String> warnings,
    AlignedShare alignment) {
  static FusionReport of(OnnxFusionResult result) {
    return new FusionReport(
        result.backend().name(),
        result.anchor(),
        result.weights(),
        Choice.label(result.strategy().merge()),
        Choice.label(result.strategy().correction()),
        result.seconds(),
        result.groups().stream().map(Group::of).toList(),
        result.selection(),
        result.layers().stream().map(Layer::of).toList(),
        result.accuracy().map(Accuracy::of).orElse(null),
        result.warnings(),
        AlignedShare.of(result.model().model().architecture().groups(), moved(result)));
  }

  /** Names of the groups that did not keep their order for want of a coupling. */
  private static Set<String> moved(OnnxFusionResult result) {
    Set<String> moved = new HashSet<>();
    result.selection().forEach(group -> moved.add(group.name()));
    result.groups().forEach(group -> moved.add(group.name()));
    result.groups().stream()
        .filter(group -> group.solver().equals(Choice.label(Solver.IDENTITY)))
        .forEach(group -> moved.remove(group.name()));
    return moved;
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
  record Accuracy(List<Double> models, Double vanilla, double fused, double ensemble, int samples) {
    static Accuracy of(OnnxFusionResult.Accuracy found) {
      return new Accuracy(
          found.models(),
          found.plain().orElse(null),
          found.fused(),
          found.ensemble(),
          found.samples());
    }
  }
}
