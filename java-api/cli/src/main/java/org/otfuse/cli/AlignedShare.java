package org.otfuse.cli;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.otfuse.NeuronGroup;
import org.otfuse.models.trace.Tracer;

/**
 * How many of the anchor's hidden neurons were aligned, or selected, and which stayed where they
 * are. What the last layers compute is not counted: the task gives its order. The components are
 * keys of the JSON object.
 *
 * @param neurons all hidden neurons
 * @param aligned those that were aligned
 * @param share of the neurons that were aligned, 0 to 1; 0 without hidden neurons
 * @param left the groups that were not
 */
record AlignedShare(int neurons, int aligned, double share, List<Left> left) {
  /** Groups that a text names. */
  private static final int NAMED = 3;

  /** A group that stays as it is in the anchor. */
  record Left(String name, int neurons, String reason) {}

  /** Copies the list. */
  AlignedShare {
    left = List.copyOf(left);
  }

  /**
   * Counts.
   *
   * @param groups of the anchor
   * @param moved names of those that were aligned in every model
   */
  static AlignedShare of(List<NeuronGroup> groups, Collection<String> moved) {
    Set<String> names = new HashSet<>(moved);
    int neurons = 0;
    int aligned = 0;
    List<Left> left = new ArrayList<>();
    for (NeuronGroup group : groups) {
      if (isOutputLayer(group)) {
        continue;
      }
      neurons += group.size();
      if (names.contains(group.name())) {
        aligned += group.size();
      } else {
        String reason = group.pinned().orElse("nothing aligned it");
        left.add(new Left(group.name(), group.size(), reason));
      }
    }
    return new AlignedShare(neurons, aligned, neurons == 0 ? 0 : (double) aligned / neurons, left);
  }

  /** A residual stream that ends as an output has several producers, and hidden neurons. */
  private static boolean isOutputLayer(NeuronGroup group) {
    return group.pinned().equals(Optional.of(Tracer.GRAPH_OUTPUT)) && group.producers().size() == 1;
  }

  /**
   * One line.
   *
   * @param verb what was done to neurons, such as "Aligned"
   */
  String words(String verb) {
    String line =
        "%s %s %% of %d hidden neurons".formatted(verb, Table.percent(100 * share), neurons);
    if (left.isEmpty()) {
      return line + ".";
    }
    List<String> named =
        left.stream()
            .limit(NAMED)
            .map(g -> "%s (%d neurons: %s)".formatted(g.name(), g.neurons(), g.reason()))
            .toList();
    int more = left.size() - named.size();
    return "%s; %d group%s left in place: %s%s."
        .formatted(
            line,
            left.size(),
            left.size() == 1 ? "" : "s",
            String.join(", ", named),
            more == 0 ? "" : " and %d more, which --json lists".formatted(more));
  }
}
