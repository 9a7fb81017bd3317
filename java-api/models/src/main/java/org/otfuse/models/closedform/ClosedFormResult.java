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
}
