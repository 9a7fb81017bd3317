package org.otfuse.align;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.otfuse.Architecture;
import org.otfuse.Metric;
import org.otfuse.Progress;
import org.otfuse.TensorLayout.Axis;
import org.otfuse.TensorLayout.Segment;
import org.otfuse.TensorLayout.Slab;
import org.otfuse.TransportReport;
import org.otfuse.check.Cancellation;
import org.otfuse.device.Arena;
import org.otfuse.device.DeviceModel;
import org.otfuse.device.Stopwatch;
import org.otfuse.device.Stopwatch.Stage;
import org.otfuse.features.FeatureBlock;
import org.otfuse.features.FeatureUnit;
import org.otfuse.features.SlabRows;
import org.otfuse.maps.AxisMaps;
import org.otfuse.maps.GroupMaps;
import org.otfuse.spi.Assignment;
import org.otfuse.spi.AverageTask;
import org.otfuse.spi.AxisMap;
import org.otfuse.spi.Backend;
import org.otfuse.spi.CostTask;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.NeuronMap;
import org.otfuse.spi.Span;

/**
 * Coordinate descent over the maps of a model (weight matching, Ainsworth et al. 2023, algorithm
 * 1): one group after the other gets the permutation that maximises the inner product of the model,
 * carried over on all its other axes, with the anchor, summed over all tensor axes that the group
 * indexes.
 *
 * <p>A permutation that maximises inner products of rows minimises their squared distances, because
 * the norms are the same for all of them. So the slices of all those tensors side by side are the
 * features of an ordinary assignment. A group moves only if that lowers its cost by more than a
 * millionth of the mean cost, so that ties and rounding cannot keep the descent going. Groups whose
 * sizes differ keep their maps.
 *
 * <p>Groups that share no tensor do not notice each other. A sweep is cut into batches of such
 * groups that give exactly what visiting them one by one gives.
 */
final class WeightMatching {
  private static final double LEAST_GAIN = 1e-6;

  /** One place where a group indexes a tensor. */
  private record Occurrence(int tensor, int slab, int axis, int segment) {
    Slab in(Architecture architecture) {
      return architecture.tensors().get(tensor).slabs().get(slab);
    }
  }

  /**
   * The last assignment that moved a group; costs are squared distances.
   *
   * @param source which neuron took each place
   * @param report what the solver said
   * @param identityCost the cost of leaving all neurons where they are
   */
  record Move(int[] source, TransportReport report, double identityCost) {}

  private final Backend backend;
  private final DeviceModel model;
  private final DeviceModel anchor;
  private final List<GroupMaps> maps;
  private final Stopwatch stopwatch;
  private final Progress progress;
  private final List<List<Occurrence>> occurrences = new ArrayList<>();
  private final List<Set<Integer>> neighbours = new ArrayList<>();
  private final Map<Integer, Move> moves = new TreeMap<>();

  /** Starts from the maps, which the descent changes; the progress may stop it between batches. */
  WeightMatching(
      Backend backend,
      DeviceModel model,
      DeviceModel anchor,
      List<GroupMaps> maps,
      Stopwatch stopwatch,
      Progress progress) {
    this.backend = backend;
    this.model = model;
    this.anchor = anchor;
    this.maps = maps;
    this.stopwatch = stopwatch;
    this.progress = progress;
    for (int g = 0; g < maps.size(); g++) {
      occurrences.add(new ArrayList<>());
      neighbours.add(new HashSet<>());
    }
    register(anchor.architecture());
  }

  private void register(Architecture architecture) {
    for (int t = 0; t < architecture.tensors().size(); t++) {
      List<Slab> slabs = architecture.tensors().get(t).slabs();
      for (int s = 0; s < slabs.size(); s++) {
        Set<Integer> together = new HashSet<>();
        List<Axis> axes = slabs.get(s).axes();
        for (int a = 0; a < axes.size(); a++) {
          List<Segment> segments = axes.get(a).segments();
          for (int i = 0; i < segments.size(); i++) {
            int g = segments.get(i).group();
            if (g != Segment.PLAIN) {
              occurrences.get(g).add(new Occurrence(t, s, a, i));
              together.add(g);
            }
          }
        }
        together.forEach(g -> neighbours.get(g).addAll(together));
      }
    }
  }

  /** Sweeps until nothing changes or the limit is met, and returns the number of sweeps. */
  int run(int limit, long seed) {
    Random random = new Random(seed);
    List<Integer> order = new ArrayList<>(movable());
    for (int sweep = 1; sweep <= limit; sweep++) {
      Collections.shuffle(order, random);
      boolean changed = false;
      for (List<Integer> batch : batches(order)) {
        changed |= improve(batch);
      }
      if (!changed) {
        return sweep;
      }
    }
    return limit;
  }

  /** The last move of each group that was moved. */
  Map<Integer, Move> moves() {
    return moves;
  }

  private List<Integer> movable() {
    return IntStream.range(0, maps.size())
        .filter(g -> anchor.architecture().groups().get(g).pinned().isEmpty())
        .filter(g -> !occurrences.get(g).isEmpty())
        .filter(g -> maps.get(g).output().sourceSize() == maps.get(g).output().targetSize())
        .boxed()
        .toList();
  }

  /** Each group goes into the first batch after all its neighbours that come before it. */
  private List<List<Integer>> batches(List<Integer> order) {
    List<List<Integer>> batches = new ArrayList<>();
    int[] next = new int[maps.size()];
    for (int g : order) {
      int batch = next[g];
      if (batch == batches.size()) {
        batches.add(new ArrayList<>());
      }
      batches.get(batch).add(g);
      neighbours.get(g).forEach(h -> next[h] = Math.max(next[h], batch + 1));
    }
    return batches;
  }

  private boolean improve(List<Integer> batch) {
    Cancellation.check(progress);
    try (Arena scratch = new Arena(backend)) {
      List<CostTask> tasks = new ArrayList<>();
      List<FeatureUnit> units = batch.stream().map(this::unit).toList();
      stopwatch.time(
          Stage.FEATURES,
          () -> {
            for (int k = 0; k < batch.size(); k++) {
              Matrix x = features(model, batch.get(k), units.get(k), scratch);
              Matrix y = features(anchor, batch.get(k), units.get(k), scratch);
              Matrix cost = scratch.matrix(x.rows(), y.rows());
              tasks.add(new CostTask(x, y, cost, Metric.SQEUCLIDEAN));
            }
          });
      stopwatch.time(
          Stage.COST,
          () -> {
            backend.cost(tasks);
            for (int k = 0; k < batch.size(); k++) {
              String name = anchor.architecture().groups().get(batch.get(k)).name();
              units.get(k).keepFinite(backend, tasks.get(k).cost(), name);
            }
          });
      return stopwatch.time(
          Stage.SOLVE,
          () -> {
            List<Assignment> found = backend.assign(tasks.stream().map(CostTask::cost).toList());
            boolean changed = false;
            for (int k = 0; k < batch.size(); k++) {
              changed |= accept(batch.get(k), units.get(k), tasks.get(k).cost(), found.get(k));
            }
            return changed;
          });
    }
  }

  private boolean accept(int g, FeatureUnit unit, Matrix cost, Assignment found) {
    float[] costs = Arena.download(backend, cost);
    if (!gains(maps.get(g).output(), costs, found.map().source())) {
      return false;
    }
    maps.set(g, GroupMaps.hard(found.map()));
    double identityCost = unit.original(Alignment.diagonalMean(costs, cost.rows()));
    moves.put(g, new Move(found.map().source(), unit.original(found.report()), identityCost));
    return true;
  }

  private static boolean gains(NeuronMap before, float[] costs, int[] source) {
    if (before instanceof NeuronMap.Soft) {
      return true;
    }
    int n = source.length;
    int[] old = new AxisMap(List.of(new AxisMap.Segment(before, 1))).gather();
    double total = 0;
    for (float value : costs) {
      total += value;
    }
    double gain = 0;
    for (int j = 0; j < n; j++) {
      gain += (double) costs[old[j] * n + j] - costs[source[j] * n + j];
    }
    return gain > LEAST_GAIN * total / n;
  }

  /** The slices of all tensors that the group indexes, side by side, one row a neuron. */
  private Matrix features(DeviceModel of, int g, FeatureUnit unit, Arena scratch) {
    int n = of.architecture().groups().get(g).size();
    Optional<Span> scale =
        unit.isOne() ? Optional.empty() : Optional.of(scratch.upload(unit.factors(n)));
    List<FeatureBlock> blocks =
        occurrences.get(g).stream().map(o -> block(of, o, scale, scratch)).toList();
    return FeatureBlock.gather(backend, scratch, n, blocks);
  }

  private FeatureUnit unit(int g) {
    double largest = 0;
    for (Occurrence o : occurrences.get(g)) {
      largest = Math.max(largest, Math.max(model.largest(o.tensor), anchor.largest(o.tensor)));
    }
    return FeatureUnit.ordinary(largest)
        ? FeatureUnit.one(Metric.SQEUCLIDEAN)
        : FeatureUnit.of(Metric.SQEUCLIDEAN, magnitudes(model, g), magnitudes(anchor, g));
  }

  private double[] magnitudes(DeviceModel of, int g) {
    int n = of.architecture().groups().get(g).size();
    double[] ones = new double[n];
    Arrays.fill(ones, 1);
    double[] magnitudes = new double[n];
    for (Occurrence o : occurrences.get(g)) {
      List<Segment> segments = o.in(of.architecture()).axes().get(o.axis).segments();
      int first = segments.stream().limit(o.segment).mapToInt(Segment::size).sum();
      int block = segments.get(o.segment).block();
      SlabRows.Place place = new SlabRows.Place(o.tensor, o.slab, o.axis, first, block, n);
      SlabRows.raise(of.model(), place, ones, magnitudes);
    }
    return magnitudes;
  }

  private FeatureBlock block(DeviceModel of, Occurrence o, Optional<Span> scale, Arena scratch) {
    Slab slab = o.in(of.architecture());
    List<AxisMap> axes =
        new ArrayList<>(of == anchor ? AxisMaps.identity(slab) : AxisMaps.of(slab, maps));
    Span source = of.slab(o.tensor, o.slab);
    List<Segment> segments = slab.axes().get(o.axis).segments();
    Segment segment = segments.get(o.segment);
    if (segments.size() > 1) {
      int first = segments.stream().limit(o.segment).mapToInt(Segment::size).sum();
      axes.set(o.axis, cut(first, segment.size(), slab.axes().get(o.axis).size()));
      source = carried(source, axes, scratch);
      axes.replaceAll(axis -> AxisMap.identity(axis.targetSize()));
    }
    axes.set(o.axis, AxisMap.identity(segment.size() / segment.block()));
    if (segment.block() > 1) {
      axes.add(o.axis + 1, AxisMap.identity(segment.block()));
    }
    return new FeatureBlock(source, axes, o.axis, 0, scale);
  }

  /** Takes some consecutive indices of an axis. */
  private static AxisMap cut(int first, int size, int of) {
    int[] indices = IntStream.range(first, first + size).toArray();
    return new AxisMap(List.of(new AxisMap.Segment(new NeuronMap.Hard(indices, of), 1)));
  }

  private Span carried(Span source, List<AxisMap> axes, Arena scratch) {
    long length = 1;
    for (AxisMap axis : axes) {
      length *= axis.targetSize();
    }
    Span target = scratch.allocate(length);
    backend.average(
        List.of(new AverageTask(target, List.of(new AverageTask.Source(source, 1, axes)))));
    return target;
  }
}
