package org.otfuse.models.closedform;

import java.util.Arrays;
import java.util.Optional;

/** The neurons of all models in one group, those of the first model first. */
final class Pool {
  private final int[] sizes;
  private final int[] firsts;
  private final Optional<Integer> anchor;
  private final int m;

  /**
   * A pool to fill some places from.
   *
   * @param sizes neurons of each model
   * @param anchor which model has a right to its places
   * @param m the number of places
   */
  Pool(int[] sizes, Optional<Integer> anchor, int m) {
    this.sizes = sizes;
    this.anchor = anchor;
    this.m = m;
    this.firsts = new int[sizes.length + 1];
    for (int k = 0; k < sizes.length; k++) {
      firsts[k + 1] = firsts[k] + sizes[k];
    }
  }

  /** The number of neurons. */
  int size() {
    return firsts[sizes.length];
  }

  /** The number of a model's neurons. */
  int size(int model) {
    return sizes[model];
  }

  /** Index of a model's first neuron. */
  int first(int model) {
    return firsts[model];
  }

  /** The neurons of the anchor in their places, or of the first model if it takes no part. */
  int[] ofOneModel() {
    int[] chosen = new int[m];
    Arrays.setAll(chosen, j -> firsts[anchor.orElse(0)] + j);
    return chosen;
  }

  /** Chosen neurons by their places: the anchor's where they are, others in the gaps, in order. */
  int[] places(int[] chosen) {
    int[] places = new int[m];
    Arrays.fill(places, -1);
    int[] sorted = chosen.clone();
    Arrays.sort(sorted);
    boolean keeps = anchor.isPresent() && sizes[anchor.get()] == m;
    int first = keeps ? firsts[anchor.get()] : 0;
    for (int j : sorted) {
      if (keeps && j >= first && j < first + m) {
        places[j - first] = j;
      }
    }
    int gap = 0;
    for (int j : sorted) {
      if (!(keeps && j >= first && j < first + m)) {
        while (places[gap] >= 0) {
          gap++;
        }
        places[gap] = j;
      }
    }
    return places;
  }
}
