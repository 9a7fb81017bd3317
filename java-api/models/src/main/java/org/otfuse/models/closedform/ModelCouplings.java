package org.otfuse.models.closedform;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.otfuse.Coupling;
import org.otfuse.FusionListener;
import org.otfuse.GroupReport;
import org.otfuse.NeuronGroup;

/**
 * Hears the couplings of a fusion and keeps them for a refit: give it to {@link
 * org.otfuse.FusionEngine} as the listener. Not thread-safe.
 */
public final class ModelCouplings implements FusionListener {
  private final Map<Integer, Map<String, Coupling>> couplings = new HashMap<>();

  /** Starts with none. */
  public ModelCouplings() {}

  @Override
  public void coupled(GroupReport report, Supplier<Coupling> coupling) {
    couplings
        .computeIfAbsent(report.model(), model -> new HashMap<>())
        .put(report.name(), coupling.get());
  }

  /** Those of a model, one a group of the anchor. */
  List<Optional<Coupling>> of(int model, List<NeuronGroup> groups) {
    Map<String, Coupling> own = couplings.getOrDefault(model, Map.of());
    return groups.stream().map(group -> Optional.ofNullable(own.get(group.name()))).toList();
  }
}
