package org.otfuse.models.trace;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.ToIntFunction;
import org.otfuse.NeuronGroup;
import org.otfuse.Producer;
import org.otfuse.TensorLayout;

/**
 * Numbers the neuron groups that a trace has found, and writes axes and layers in terms of them.
 */
public final class GroupTable {
  private final TracingBudget budget;
  private final List<Atom> atoms = new ArrayList<>();
  private final Map<Atom, Integer> indices = new IdentityHashMap<>();

  /** Numbers the groups in the order of the layers that compute them. */
  public GroupTable(List<LayerTrace> layers, TracingBudget budget) {
    this.budget = budget;
    for (LayerTrace layer : layers) {
      for (SymbolicAxis axis : layer.outputs()) {
        for (SymbolicAxis.Segment s : axis.segments()) {
          if (!s.isPlain() && indices.putIfAbsent(s.atom(), atoms.size()) == null) {
            atoms.add(s.atom());
          }
        }
      }
    }
  }

  /** The number of a group. */
  public int index(Atom atom) {
    return indices.get(atom);
  }

  /** The layout of a weight as one of its users sees it. */
  public List<TensorLayout.Slab> layout(ParameterUse use) {
    List<TensorLayout.Slab> slabs = new ArrayList<>();
    for (ParameterUse.Slab slab : use.slabs()) {
      slabs.add(new TensorLayout.Slab(slab.axes().stream().map(this::axis).toList()));
    }
    return slabs;
  }

  private TensorLayout.Axis axis(ParameterUse.RoleAxis traced) {
    if (traced.axis().isPlain()) {
      return TensorLayout.Axis.plain((int) traced.axis().size());
    }
    budget.makeSegments(traced.axis().segments().size());
    List<TensorLayout.Segment> segments = new ArrayList<>();
    for (SymbolicAxis.Segment s : traced.axis().segments()) {
      segments.add(
          s.isPlain()
              ? TensorLayout.Segment.plain((int) s.size())
              : new TensorLayout.Segment(index(s.atom()), (int) s.block(), (int) s.size()));
    }
    return new TensorLayout.Axis(traced.role(), segments);
  }

  /**
   * Makes the groups.
   *
   * @param layers the layers in topological order
   * @param tensor the index of the tensor that a use ends up with
   */
  public List<NeuronGroup> groups(List<LayerTrace> layers, ToIntFunction<ParameterUse> tensor) {
    List<List<Producer>> producers = new ArrayList<>();
    atoms.forEach(atom -> producers.add(new ArrayList<>()));
    for (LayerTrace layer : layers) {
      addProducers(layer, tensor, producers);
    }
    Set<String> names = new HashSet<>();
    Map<String, Integer> copies = new HashMap<>();
    List<NeuronGroup> groups = new ArrayList<>();
    for (int g = 0; g < atoms.size(); g++) {
      String base = producers.get(g).get(0).node();
      String name = base;
      while (!names.add(name)) {
        name = base + "#" + copies.merge(base, 1, (last, one) -> last + one);
      }
      Atom atom = atoms.get(g);
      groups.add(new NeuronGroup(name, atom.size(), atom.pinned(), producers.get(g)));
    }
    return groups;
  }

  private void addProducers(
      LayerTrace layer, ToIntFunction<ParameterUse> tensor, List<List<Producer>> producers) {
    OptionalInt bias =
        layer.bias().isPresent()
            ? OptionalInt.of(tensor.applyAsInt(layer.bias().get()))
            : OptionalInt.empty();
    Optional<Producer.Normalization> normalization =
        layer
            .normalization()
            .map(
                n ->
                    new Producer.Normalization(
                        tensor.applyAsInt(n.gamma()),
                        tensor.applyAsInt(n.beta()),
                        tensor.applyAsInt(n.mean()),
                        tensor.applyAsInt(n.variance()),
                        n.epsilon()));
    int index = 0;
    for (int slab = 0; slab < layer.outputs().size(); slab++) {
      int row = 0;
      for (SymbolicAxis.Segment s : layer.outputs().get(slab).segments()) {
        if (!s.isPlain()) {
          producers
              .get(index(s.atom()))
              .add(
                  new Producer(
                      layer.name(),
                      tensor.applyAsInt(layer.weight()),
                      slab,
                      layer.outputAxis(),
                      row,
                      bias,
                      normalization,
                      index,
                      new Producer.Tap(layer.tap(), layer.tapAxis(), index)));
        }
        row += (int) s.size();
        index += (int) s.size();
      }
    }
  }
}
