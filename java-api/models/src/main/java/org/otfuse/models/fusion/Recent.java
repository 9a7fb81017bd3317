package org.otfuse.models.fusion;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * Makes things of models and holds those of the last two, an anchor and one other: two models are
 * never read twice, and of many no more than two are in memory. Not thread-safe.
 */
final class Recent<T> {
  private static final int HELD = 2;

  private final IntFunction<T> make;
  private final Map<Integer, T> held = new LinkedHashMap<>(HELD, 1, true);

  /** Something that is made of a model's index, each time the same. */
  Recent(IntFunction<T> make) {
    this.make = make;
  }

  /** What belongs to a model; the one that was not asked for longest is let go first. */
  T get(int model) {
    T found = held.get(model);
    if (found == null) {
      if (held.size() == HELD) {
        held.remove(held.keySet().iterator().next());
      }
      found = make.apply(model);
      held.put(model, found);
    }
    return found;
  }
}
