package org.otfuse.models.closedform;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.otfuse.Architecture;
import org.otfuse.InvalidInputException;
import org.otfuse.NeuronGroup;
import org.otfuse.Progress;
import org.otfuse.TensorLayout;
import org.otfuse.TensorLayout.Role;
import org.otfuse.TensorLayout.Segment;
import org.otfuse.models.Dataset;

/**
 * Which neurons of several models a network keeps, and what the others are in terms of those: a
 * plan in which every neuron of the fused network stands for one neuron of one model.
 *
 * <p>A group whose neurons stay in place keeps those of the anchor; one that no layer reads, as the
 * outputs of the graph, is averaged.
 */
final class Selection implements MergePlan {
  private final Candidates candidates;
  private final List<NeuronGroup> anchorGroups;
  private final List<GroupMaps> groups = new ArrayList<>();
  private final List<GroupSelection> reports = new ArrayList<>();
  private final Map<Integer, Integer> sources;

  private Selection(Candidates candidates, Map<Integer, Integer> sources) {
    this.candidates = candidates;
    this.sources = sources;
    this.anchorGroups = candidates.anchor().model().architecture().groups();
  }

  /** Runs the models on the samples and selects. */
  static Selection of(
      Candidates candidates,
      Dataset samples,
      ClosedFormOptions options,
      LinearAlgebra algebra,
      Progress progress) {
    Readings readings = Readings.collect(candidates, samples, options, algebra, progress);
    Selection selection = new Selection(candidates, readings.sources());
    Set<Integer> read = read(candidates.networks().get(0).architecture());
    for (int g = 0; g < selection.anchorGroups.size(); g++) {
      selection.groups.add(selection.maps(g, read.contains(g), readings, options, algebra));
      selection.report(g);
    }
    return selection;
  }

  /** The groups that some tensor reads. */
  static Set<Integer> read(Architecture architecture) {
    Set<Integer> read = new HashSet<>();
    for (TensorLayout tensor : architecture.tensors()) {
      for (TensorLayout.Slab slab : tensor.slabs()) {
        slab.axes().stream()
            .filter(axis -> axis.role() == Role.INPUT)
            .flatMap(axis -> axis.segments().stream())
            .filter(s -> s.group() != Segment.PLAIN)
            .forEach(s -> read.add(s.group()));
      }
    }
    return read;
  }

  private GroupMaps maps(
      int g, boolean read, Readings readings, ClosedFormOptions options, LinearAlgebra algebra) {
    int m = anchorGroups.get(g).size();
    int[] sizes = sizes(g);
    boolean sameSizes = Arrays.stream(sizes).allMatch(size -> size == m);
    if (!read && sameSizes) {
      return GroupMaps.average(sizes);
    }
    if (Arrays.stream(sizes).sum() < m) {
      throw new InvalidInputException(
          "Neuron group %s has %d neurons in the models with a weight and %d in the anchor, expected at least as many; merge transport splits them."
              .formatted(anchorGroups.get(g).name(), Arrays.stream(sizes).sum(), m));
    }
    Pool pool = new Pool(sizes, candidates.reference(), m);
    int[] chosen =
        anchorGroups.get(g).pinned().isPresent()
            ? pool.ofOneModel()
            : pool.places(choose(pool, readings.of(g), readings.activity(g), m, algebra));
    return GroupMaps.selected(
        pool, chosen, readings.of(g), readings.activity(g), options.unmergeRidge(), algebra);
  }

  /** Indices of m neurons of the pool in the order of choice. */
  private static int[] choose(
      Pool pool,
      Map<Integer, Readings.Tensor> tensors,
      double[][] activity,
      int m,
      LinearAlgebra algebra) {
    List<LinearAlgebra.Reading> readings =
        tensors.values().stream().map(Readings.Tensor::reading).toList();
    int[] chosen = readings.isEmpty() ? new int[0] : algebra.select(readings, m);
    if (chosen.length < m) {
      chosen = joined(chosen, algebra.pivots(activity, chosen, m - chosen.length));
    }
    if (chosen.length < m) {
      chosen = joined(chosen, rest(pool, tensors, chosen, m - chosen.length));
    }
    return chosen;
  }

  private static int[] joined(int[] a, int[] b) {
    int[] all = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, all, a.length, b.length);
    return all;
  }

  /** The neurons not chosen yet whose readers have the largest weights. */
  private static int[] rest(
      Pool pool, Map<Integer, Readings.Tensor> tensors, int[] chosen, int count) {
    Set<Integer> taken = new HashSet<>();
    for (int j : chosen) {
      taken.add(j);
    }
    double[] energy = new double[pool.size()];
    for (Readings.Tensor tensor : tensors.values()) {
      for (int j = 0; j < energy.length; j++) {
        energy[j] += tensor.energy()[j];
      }
    }
    return IntStream.range(0, pool.size())
        .filter(j -> !taken.contains(j))
        .boxed()
        .sorted((a, b) -> Double.compare(energy[b], energy[a]))
        .limit(count)
        .mapToInt(Integer::intValue)
        .toArray();
  }

  private int[] sizes(int g) {
    return candidates.networks().stream()
        .mapToInt(network -> network.architecture().groups().get(g).size())
        .toArray();
  }

  private void report(int g) {
    GroupMaps maps = groups.get(g);
    if (maps.chosen().isEmpty() || anchorGroups.get(g).pinned().isPresent()) {
      return;
    }
    List<Integer> shares = new ArrayList<>(Collections.nCopies(candidates.given().size(), 0));
    for (int k = 0; k < candidates.indices().size(); k++) {
      shares.set(candidates.indices().get(k), maps.share(k));
    }
    List<Integer> sizes =
        candidates.given().stream().map(model -> model.groups().get(g).size()).toList();
    reports.add(new GroupSelection(anchorGroups.get(g).name(), shares, sizes, maps.error()));
  }

  /** What was selected in each group that may move. */
  List<GroupSelection> groups() {
    return reports;
  }

  @Override
  public double weight(int model) {
    return candidates.weights().get(model);
  }

  @Override
  public int size(int group) {
    return anchorGroups.get(group).size();
  }

  @Override
  public Mapping output(int model, int group) {
    Optional<int[]> chosen = groups.get(group).chosen();
    int n = sizes(group)[model];
    if (chosen.isEmpty()) {
      return Mapping.identity(n, weight(model));
    }
    return groups.get(group).kept(model);
  }

  @Override
  public Mapping input(int model, int layer, int group) {
    return groups.get(group).unmerged(model, source(layer));
  }

  @Override
  public double[] offset(int model, int layer, int group) {
    return groups.get(group).offset(model, source(layer));
  }

  private int source(int layer) {
    return sources.getOrDefault(layer, -1);
  }
}
