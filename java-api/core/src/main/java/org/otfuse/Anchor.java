package org.otfuse;

import java.util.Objects;
import java.util.OptionalInt;

/**
 * Which model the others are aligned to: one that is named, or the one with the least transport
 * cost to all others.
 *
 * @param index of the model, from 0; empty if the engine chooses
 */
public record Anchor(OptionalInt index) {
  /** Checks the index. */
  public Anchor {
    if (Objects.requireNonNull(index, "index").isPresent() && index.getAsInt() < 0) {
      throw new InvalidInputException("anchor is " + index.getAsInt() + ", expected 0 or above.");
    }
  }

  /**
   * A model by its place.
   *
   * @param index of the model, from 0
   * @return the anchor
   * @throws InvalidInputException if the index is negative
   */
  public static Anchor index(int index) {
    return new Anchor(OptionalInt.of(index));
  }

  /**
   * The model with the least transport cost to all others, the first of several. Costs are relative
   * to the mean cost between the neurons of a group, because those of wide anchors are smaller, and
   * summed over groups. Every model is tried: K(K-1) more alignments of K models.
   *
   * @return an anchor that the engine chooses
   */
  public static Anchor automatic() {
    return new Anchor(OptionalInt.empty());
  }

  /**
   * Whether the engine chooses.
   *
   * @return false if the index is given
   */
  public boolean isAutomatic() {
    return index.isEmpty();
  }
}
