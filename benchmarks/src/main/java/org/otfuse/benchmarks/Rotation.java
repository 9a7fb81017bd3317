package org.otfuse.benchmarks;

import java.util.List;

/** Hands out the same things in turn. Used by one thread. */
final class Rotation<T> {
  private final List<T> things;
  private int next;

  Rotation(List<T> things) {
    this.things = List.copyOf(things);
  }

  T next() {
    T thing = things.get(next);
    next = (next + 1) % things.size();
    return thing;
  }
}
