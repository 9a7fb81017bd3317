package org.otfuse;

import java.util.function.Supplier;

/** Two listeners that hear the same. */
record ListenerPair(FusionListener first, FusionListener second) implements FusionListener {
  @Override
  public void step(int done, int total) {
    first.step(done, total);
    second.step(done, total);
  }

  @Override
  public void coupled(GroupReport report, Supplier<Coupling> coupling) {
    first.coupled(report, coupling);
    second.coupled(report, coupling);
  }

  @Override
  public boolean cancelled() {
    return first.cancelled() || second.cancelled();
  }
}
