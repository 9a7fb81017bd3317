package org.otfuse.models.report;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.otfuse.Coupling;
import org.otfuse.GroupReport;

/** Keeps of every coupling what the page shows. Not thread-safe. */
final class CouplingPictures {
  /**
   * What is shown of a coupling.
   *
   * @param rows the model's neurons
   * @param columns the anchor's neurons
   * @param identityCost the cost of leaving all neurons where they are
   * @param diagonalShare the share of mass that stays
   * @param map the picture
   */
  record Picture(
      int rows,
      int columns,
      OptionalDouble identityCost,
      OptionalDouble diagonalShare,
      HeatMap map) {}

  /** One group of one model. */
  private record Key(int model, String group) {}

  private final Map<Key, Picture> pictures = new HashMap<>();

  CouplingPictures() {}

  void add(GroupReport report, Coupling coupling) {
    pictures.put(
        new Key(report.model(), report.name()),
        new Picture(
            coupling.rows(),
            coupling.columns(),
            coupling.identityCost(),
            coupling.diagonalShare(),
            HeatMap.of(coupling)));
  }

  /** Whether no group was coupled. */
  boolean isEmpty() {
    return pictures.isEmpty();
  }

  /** The coupling of a group, or empty if it stays as it is. */
  Optional<Picture> of(int model, String group) {
    return Optional.ofNullable(pictures.get(new Key(model, group)));
  }
}
