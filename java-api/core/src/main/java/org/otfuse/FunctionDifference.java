package org.otfuse;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.otfuse.Operation.Fact;

/** Finds the first place where two networks do not compute alike. */
final class FunctionDifference {
  /** Longer lists are not shown as a whole. */
  private static final int SHOWN = 8;

  private static final Fact NONE = new Fact("", List.of(), "none");

  private FunctionDifference() {}

  /**
   * Compares two functions.
   *
   * @return the first difference in words; empty if there is none, or if one of the two lists is
   *     empty and so says nothing
   */
  static Optional<String> first(List<Operation> found, List<Operation> expected) {
    if (found.isEmpty() || expected.isEmpty()) {
      return Optional.empty();
    }
    for (int i = 0; i < Math.min(found.size(), expected.size()); i++) {
      Optional<String> difference = operation(found.get(i), expected.get(i));
      if (difference.isPresent()) {
        return difference;
      }
    }
    return found.size() == expected.size()
        ? Optional.empty()
        : Optional.of("it has %d operations, expected %d".formatted(found.size(), expected.size()));
  }

  private static Optional<String> operation(Operation found, Operation expected) {
    Map<String, Fact> wanted = new LinkedHashMap<>();
    expected.facts().forEach(fact -> wanted.put(fact.what(), fact));
    for (Fact fact : found.facts()) {
      Fact other = wanted.getOrDefault(fact.what(), NONE);
      wanted.remove(fact.what());
      if (!fact.agrees(other)) {
        return Optional.of(sentence(fact.what(), fact, other, found, expected));
      }
    }
    return wanted.values().stream()
        .filter(fact -> !fact.agrees(NONE))
        .findFirst()
        .map(fact -> sentence(fact.what(), NONE, fact, found, expected));
  }

  private static String sentence(
      String what, Fact found, Fact expected, Operation in, Operation as) {
    boolean sameLabel = in.label().equals(as.label());
    if (what.isEmpty()) {
      return "%s is %s, expected %s%s"
          .formatted(
              in.label(), found.text(), expected.text(), sameLabel ? "" : " as " + as.label());
    }
    String place = what + " of " + in.label();
    String is = found.text();
    String wanted = expected.text();
    int at = found.firstDifference(expected);
    if (at < found.values().size()
        && at < expected.values().size()
        && Math.max(found.values().size(), expected.values().size()) > SHOWN) {
      place = "value " + at + " of " + place;
      is = found.values().get(at);
      wanted = expected.values().get(at);
    }
    return "%s is %s, expected %s%s"
        .formatted(place, is, wanted, sameLabel ? "" : " as in " + as.label());
  }
}
