package org.otfuse.models.closedform;

import java.util.List;
import java.util.Optional;
import org.otfuse.Coupling;

/**
 * Every neuron of the fused network is the weighted mean of those that couplings align with it, as
 * algorithm 1 of Singh &amp; Jaggi (2020) averages them.
 *
 * @param weights one a model, summing to 1
 * @param sizes the anchor's numbers of neurons, one a group
 * @param couplings for each model and each group the coupling with the anchor's neurons, or empty
 *     for neurons that stay where they are
 */
record TransportPlan(
    List<Double> weights, List<Integer> sizes, List<List<Optional<Coupling>>> couplings)
    implements MergePlan {
  @Override
  public double weight(int model) {
    return weights.get(model);
  }

  @Override
  public int size(int group) {
    return sizes.get(group);
  }

  @Override
  public Mapping output(int model, int group) {
    return couplings
        .get(model)
        .get(group)
        .map(coupling -> Mapping.columns(coupling, weight(model)))
        .orElseGet(() -> Mapping.identity(size(group), weight(model)));
  }

  @Override
  public Mapping input(int model, int layer, int group) {
    return couplings
        .get(model)
        .get(group)
        .map(Mapping::rows)
        .orElseGet(() -> Mapping.identity(size(group), 1));
  }

  @Override
  public double[] offset(int model, int layer, int group) {
    return new double[couplings.get(model).get(group).map(Coupling::rows).orElse(size(group))];
  }
}
