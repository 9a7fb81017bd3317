package org.otfuse.testkit;

import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.otfuse.Coupling;
import org.otfuse.FusionListener;
import org.otfuse.GroupReport;

/** Hears of couplings, each of which it asks for. */
record CouplingListener(BiConsumer<GroupReport, Coupling> hearing) implements FusionListener {
  @Override
  public void coupled(GroupReport report, Supplier<Coupling> coupling) {
    hearing.accept(report, coupling.get());
  }
}
