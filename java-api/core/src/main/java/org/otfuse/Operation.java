package org.otfuse;

import java.util.List;

/**
 * One step of the function that a network computes, as far as it is no weight: an operator, what it
 * reads and its settings. Networks can be fused only if these are the same; what things are called
 * does not count. Immutable.
 *
 * @param label what messages call the step, such as "node conv1"; not compared
 * @param facts what has to be the same
 */
public record Operation(String label, List<Fact> facts) {
  /** A value that is the same as any other, such as the size of a batch that is left open. */
  public static final String ANY = "?";

  /** Copies the list. */
  public Operation {
    facts = List.copyOf(facts);
  }

  /**
   * Something that counts.
   *
   * @param what which thing it is, unique among the step's facts; empty for the operator itself
   * @param values how it is, compared one by one; {@link #ANY} alone is like any list
   * @param text how messages show it
   */
  public record Fact(String what, List<String> values, String text) {
    /** Copies the list. */
    public Fact {
      values = List.copyOf(values);
    }
  }
}
