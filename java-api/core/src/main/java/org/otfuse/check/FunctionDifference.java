package org.otfuse.check;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.otfuse.Operation;
import org.otfuse.Operation.Fact;

/** Finds the first place where two networks do not compute alike. */
public final class FunctionDifference {
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
  public static Optional<String> first(List<Operation> found, List<Operation> expected) {
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
      if (!agree(fact, other)) {
        return Optional.of(sentence(fact.what(), fact, other, found, expected));
      }
    }
    return wanted.values().stream()
        .filter(fact -> !agree(fact, NONE))
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
    int at = firstDifference(found, expected);
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

  private static boolean agree(Fact one, Fact other) {
    List<String> any = List.of(Operation.ANY);
    if (one.values().equals(any) || other.values().equals(any)) {
      return true;
    }
    int size = one.values().size();
    return size == other.values().size() && firstDifference(one, other) == size;
  }

  /** The index of the first value that differs, or the length of the shorter list. */
  private static int firstDifference(Fact one, Fact other) {
    int i = 0;
    while (i < Math.min(one.values().size(), other.values().size())
        && agree(one.values().get(i), other.values().get(i))) {
      i++;
    }
    return i;
  }

  private static boolean agree(String one, String other) {
    return one.equals(other) || one.equals(Operation.ANY) || other.equals(Operation.ANY);
  }
}
