package org.otfuse.models;

import java.io.IOException;
import java.util.List;
import java.util.Random;

/**
 * A parser under attack. A target may throw nothing: what its parser documents it takes for an
 * answer, anything else is a fault. Each has a method {@code fuzzerTestOneInput} too, by which
 * Jazzer finds it.
 */
interface FuzzTarget {
  /**
   * Feeds bytes to the parser and checks what it makes of them.
   *
   * @return what came of it, alike for inputs that took the same way
   */
  String run(byte[] input) throws IOException;

  /** Small inputs to start from, valid ones among them. */
  List<byte[]> seeds();

  /** Known attacks, which may take too long to start from. */
  default List<byte[]> attacks() {
    return List.of();
  }

  /** Another input made from one; by default bytes are changed, moved, repeated and cut. */
  default byte[] mutate(byte[] input, byte[] other, Random random) {
    return ByteMutations.mutate(input, other, random);
  }
}
