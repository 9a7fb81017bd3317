package org.otfuse.models.fusion;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.otfuse.Coupling;
import org.otfuse.FusionListener;
import org.otfuse.GroupReport;
import org.otfuse.NeuronGroup;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.statistics.ActivationMoments;

/**
 * The moments that repair leads an average to: those of every model's neurons, carried onto the
 * anchor's by the couplings that it hears of, which come model after model. Not thread-safe.
 */
final class RepairGoals implements FusionListener {
  private final FusionInputs inputs;
  private final Stages stages;
  private final List<String> groups;
  private final Map<Integer, ActivationMoments> moments = new HashMap<>();
  private final Map<String, Coupling> couplings = new HashMap<>();
  private int model;
  private double seconds;

  RepairGoals(FusionInputs inputs, Stages stages) {
    this.inputs = inputs;
    this.stages = stages;
    this.groups =
        inputs.anchor().model().architecture().groups().stream().map(NeuronGroup::name).toList();
  }

  @Override
  public void coupled(GroupReport report, Supplier<Coupling> coupling) {
    if (report.model() != model) {
      carry();
      model = report.model();
    }
    couplings.put(report.name(), coupling.get());
  }

  /** Ends the model whose couplings were heard of. */
  private void carry() {
    if (!couplings.isEmpty()) {
      moments.put(model, moments(model, couplings));
      couplings.clear();
    }
  }

  private ActivationMoments moments(int k, Map<String, Coupling> carriers) {
    long start = System.nanoTime();
    OnnxModel file = inputs.models().get(k);
    ActivationMoments carried =
        ActivationMoments.carried(
            file.toBytes(),
            file.model().name(),
            file.model().architecture(),
            groups.stream().map(name -> Optional.ofNullable(carriers.get(name))).toList(),
            inputs.calibration().orElseThrow(),
            stages.stage("statistics of " + file.model().name()));
    seconds += (System.nanoTime() - start) / 1e9;
    return carried;
  }

  /** The moments of all models, once all have been coupled. */
  List<ActivationMoments> all() {
    carry();
    List<ActivationMoments> all = new ArrayList<>();
    for (int k = 0; k < inputs.models().size(); k++) {
      all.add(moments.computeIfAbsent(k, index -> moments(index, Map.of())));
    }
    return all;
  }

  /** Time that running the models took so far. */
  double seconds() {
    return seconds;
  }
}
