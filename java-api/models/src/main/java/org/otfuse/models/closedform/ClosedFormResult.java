package org.otfuse.models.closedform;

import java.util.List;
import org.otfuse.models.OnnxModel;

/**
 * A network that was merged in closed form.
 *
 * @param model the network, in the anchor's graph
 * @param groups whose neurons it keeps, one a group; empty where neurons were averaged
 * @param layers how well its layers reach their goals, in topological order
 */
public record ClosedFormResult(
    OnnxModel model, List<GroupSelection> groups, List<LayerFit> layers) {
  /** Copies the lists. */
  public ClosedFormResult {
    groups = List.copyOf(groups);
    layers = List.copyOf(layers);
  }

  /**
   * What to beware of.
   *
   * @return one sentence where layers were set on fewer positions than they have unknowns, which
   *     more samples cure; else empty
   */
  public List<String> warnings() {
    List<LayerFit> few =
        layers.stream()
            .filter(fit -> fit.positions() > 0 && fit.positions() < fit.unknowns())
            .toList();
    return few.isEmpty()
        ? List.of()
        : List.of(
            "%d of %d layers were fitted on fewer positions than a neuron has weights (%s: %d for %d), so that their fit says little; give more samples."
                .formatted(
                    few.size(),
                    layers.size(),
                    few.get(0).name(),
                    few.get(0).positions(),
                    few.get(0).unknowns()));
  }
}
