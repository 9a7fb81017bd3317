package org.otfuse.models.closedform;

import java.util.List;

/**
 * Whose neurons the fused network keeps in one group.
 *
 * @param name the group's name in the anchor
 * @param shares neurons kept of each model, in the order of the models
 * @param sizes neurons that each model has
 * @param error squared part of what all models' neurons are that those kept do not explain,
 *     relative, on the calibration samples
 */
public record GroupSelection(String name, List<Integer> shares, List<Integer> sizes, double error) {
  /** Copies the lists. */
  public GroupSelection {
    shares = List.copyOf(shares);
    sizes = List.copyOf(sizes);
  }
}
