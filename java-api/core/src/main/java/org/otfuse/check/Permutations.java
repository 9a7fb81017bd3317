package org.otfuse.check;

import java.util.List;
import org.otfuse.InvalidInputException;
import org.otfuse.NeuronGroup;
import org.otfuse.spi.NeuronMap;

/** Refuses maps that do more than reorder the neurons of a model's groups. */
public final class Permutations {
  private Permutations() {}

  public static void require(List<NeuronGroup> groups, List<? extends NeuronMap> maps) {
    if (maps.size() != groups.size()) {
      throw new InvalidInputException(
          "Found %d maps, expected one for each of the %d neuron groups."
              .formatted(maps.size(), groups.size()));
    }
    for (int g = 0; g < maps.size(); g++) {
      NeuronGroup group = groups.get(g);
      NeuronMap map = maps.get(g);
      if (map == null || !isPermutation(map, group.size())) {
        throw new InvalidInputException(
            "The map of neuron group %s is %s, expected a permutation of its %d neurons."
                .formatted(group.name(), describe(map), group.size()));
      }
    }
  }

  private static boolean isPermutation(NeuronMap map, int n) {
    if (map instanceof NeuronMap.Soft || map.sourceSize() != n || map.targetSize() != n) {
      return false;
    }
    if (map instanceof NeuronMap.Hard hard) {
      boolean[] taken = new boolean[n];
      for (int i : hard.source()) {
        if (taken[i]) {
          return false;
        }
        taken[i] = true;
      }
    }
    return true;
  }

  private static String describe(NeuronMap map) {
    if (map == null) {
      return "missing";
    }
    if (map instanceof NeuronMap.Soft) {
      return "soft";
    }
    return map.sourceSize() == map.targetSize()
        ? "one of %d neurons%s"
            .formatted(
                map.sourceSize(),
                isPermutation(map, map.sourceSize()) ? "" : " that takes one twice")
        : "one of %d neurons onto %d".formatted(map.sourceSize(), map.targetSize());
  }
}
