package org.otfuse.models.closedform;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.otfuse.Progress;
import org.otfuse.TensorLayout.Axis;
import org.otfuse.TensorLayout.Segment;
import org.otfuse.models.Dataset;
import org.otfuse.models.closedform.LinearAlgebra.ProductSum;
import org.otfuse.models.closedform.LinearAlgebra.Reading;
import org.otfuse.models.closedform.StagedRun.Values;

/**
 * What the neurons of all models are together on the samples: for each value that layers read the
 * products of the neurons in it, and for each group those before the nonlinearity.
 */
final class Readings {
  private static final int PANEL = 256;

  /** Positions that tell which neurons are one before the nonlinearity. */
  private static final int ACTIVITY_POSITIONS = 1 << 12;

  private final List<Network> models;
  private final ClosedFormOptions options;
  private final LinearAlgebra algebra;
  private final Map<Integer, Integer> sources = new HashMap<>();
  private final Map<Integer, Map<Integer, Sum>> reads = new HashMap<>();
  private final Map<Integer, Sum> writes = new HashMap<>();
  private final Map<Integer, Map<Integer, Tensor>> tensors = new HashMap<>();

  private Readings(List<Network> models, ClosedFormOptions options, LinearAlgebra algebra) {
    this.models = models;
    this.options = options;
    this.algebra = algebra;
  }

  /** Products of a pool's neurons, with a last row for their sums. */
  private static final class Sum {
    private final ProductSum products;
    private final int n;
    private long positions;

    Sum(LinearAlgebra algebra, int n) {
      this.n = n;
      this.products = algebra.gram(n + 1);
    }

    double[] mean() {
      double[] sums = products.values()[n];
      double[] mean = new double[n];
      for (int i = 0; i < n; i++) {
        mean[i] = sums[i] / positions;
      }
      return mean;
    }

    /** Mean products, of the distances from some means. */
    double[][] gram(double[] mean) {
      double[][] sums = products.values();
      double[][] gram = new double[n][n];
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          gram[i][j] = sums[i][j] / positions - mean[i] * mean[j];
        }
        gram[i][i] = Math.max(0, gram[i][i]);
      }
      return gram;
    }
  }

  /**
   * The neurons of a group in a value that layers read.
   *
   * @param gram G [n,n]
   * @param mean what a bias of the readers takes up, zeros without one [n]
   * @param reads Y Y' [n,n]
   * @param energy squares of the weights that read each neuron [n]
   */
  record Tensor(double[][] gram, double[] mean, double[][] reads, double[] energy) {
    Reading reading() {
      return new Reading(gram, reads);
    }
  }

  static Readings collect(
      Candidates candidates,
      Dataset samples,
      ClosedFormOptions options,
      LinearAlgebra algebra,
      Progress progress) {
    Readings readings = new Readings(candidates.networks(), options, algebra);
    readings.run(samples, progress);
    for (int g : readings.reads.keySet()) {
      Map<Integer, Tensor> own = new LinkedHashMap<>();
      readings
          .reads
          .get(g)
          .forEach(
              (source, sum) ->
                  own.put(source, readings.tensor(g, source, sum, candidates.weights())));
      readings.tensors.put(g, own);
    }
    return readings;
  }

  /** For each layer the first that reads the same value. */
  Map<Integer, Integer> sources() {
    return sources;
  }

  /** The values in which layers read a group, by the first layer that does. */
  Map<Integer, Tensor> of(int group) {
    return tensors.getOrDefault(group, Map.of());
  }

  /** Covariances of the neurons of a group before the nonlinearity [n,n]. */
  double[][] activity(int group) {
    Sum sum = writes.get(group);
    return sum == null ? new double[poolSize(group)][poolSize(group)] : sum.gram(sum.mean());
  }

  private int poolSize(int group) {
    return models.stream().mapToInt(m -> m.architecture().groups().get(group).size()).sum();
  }

  private void run(Dataset samples, Progress progress) {
    List<StagedRun> runs = new ArrayList<>();
    try {
      models.forEach(model -> runs.add(new StagedRun(model, samples)));
      List<Layer> layers = models.get(0).layers();
      Map<String, Integer> first = new HashMap<>();
      for (int l = 0; l < layers.size(); l++) {
        first.putIfAbsent(layers.get(l).input(), l);
        int source = first.get(layers.get(l).input());
        sources.put(l, source);
        visit(l, source == l, runs);
        progress.step(l + 1, layers.size());
      }
    } finally {
      runs.forEach(StagedRun::close);
    }
  }

  private void visit(int l, boolean newInput, List<StagedRun> runs) {
    for (int k = 0; k < models.size(); k++) {
      Layer layer = models.get(k).layers().get(l);
      runs.get(k).compute(List.of(layer.input(), layer.tap()));
    }
    for (int c = 0; c < runs.get(0).chunks(); c++) {
      List<Values> inputs = new ArrayList<>();
      List<Values> outputs = new ArrayList<>();
      for (int k = 0; k < models.size(); k++) {
        Layer layer = models.get(k).layers().get(l);
        inputs.add(
            newInput ? runs.get(k).values(layer.input(), c) : new Values(new int[0], new float[0]));
        outputs.add(runs.get(k).values(layer.tap(), c));
      }
      int chunks = runs.get(0).chunks();
      if (newInput) {
        addInputs(l, inputs, c, chunks);
      }
      addOutputs(l, outputs, c, chunks);
    }
    for (int k = 0; k < models.size(); k++) {
      Layer layer = models.get(k).layers().get(l);
      runs.get(k).release(List.of(layer.input(), layer.tap()));
    }
  }

  private void addInputs(int l, List<Values> values, int chunk, int chunks) {
    List<List<Axes.Part>> parts = new ArrayList<>();
    for (Network model : models) {
      parts.add(Axes.inputs(model, model.layers().get(l)));
    }
    parts.get(0).stream()
        .map(Axes.Part::group)
        .filter(group -> group != Segment.PLAIN)
        .distinct()
        .forEach(
            group -> {
              Sum sum =
                  reads
                      .computeIfAbsent(group, g -> new LinkedHashMap<>())
                      .computeIfAbsent(l, s -> new Sum(algebra, poolSize(group)));
              List<List<Axes.Part>> own =
                  parts.stream()
                      .map(all -> all.stream().filter(p -> p.group() == group).toList())
                      .toList();
              int rank = values.get(0).shape().length;
              int axis = models.get(0).layers().get(l).kind().inputAxis(rank);
              add(sum, own, values, axis, chunk, chunks, options.selectionPositions());
            });
  }

  private void addOutputs(int l, List<Values> values, int chunk, int chunks) {
    List<List<Axes.Part>> parts = new ArrayList<>();
    for (Network model : models) {
      List<Axes.Part> own = new ArrayList<>();
      int place = 0;
      for (Axis axis : Axes.outputs(model, model.layers().get(l))) {
        for (Segment s : axis.segments()) {
          own.add(new Axes.Part(s.group(), s.block(), 0, place, place, s.size()));
          place += s.size();
        }
      }
      parts.add(own);
    }
    parts.get(0).stream()
        .map(Axes.Part::group)
        .filter(group -> group != Segment.PLAIN)
        .distinct()
        .forEach(
            group -> {
              List<List<Axes.Part>> own =
                  parts.stream()
                      .map(all -> all.stream().filter(p -> p.group() == group).toList())
                      .toList();
              int rank = values.get(0).shape().length;
              int axis = models.get(0).layers().get(l).kind().outputAxis(rank);
              Sum sum = writes.computeIfAbsent(group, g -> new Sum(algebra, poolSize(group)));
              add(sum, own, values, axis, chunk, chunks, ACTIVITY_POSITIONS);
            });
  }

  /** Adds the products of all models' neurons at some positions of a chunk. */
  private void add(
      Sum sum,
      List<List<Axes.Part>> parts,
      List<Values> values,
      int axis,
      int chunk,
      int chunks,
      int most) {
    Values first = values.get(0);
    int inner = first.inner(axis);
    int places = parts.get(0).stream().mapToInt(Axes.Part::block).sum() * inner;
    int[] picked = Positions.of(first.outer(axis) * places, chunk, chunks, most);
    double[][] panel = new double[PANEL][sum.n + 1];
    for (int start = 0; start < picked.length; start += PANEL) {
      int from = start;
      int count = Math.min(PANEL, picked.length - start);
      JavaLinearAlgebra.forEach(
          count,
          8L * count * sum.n,
          r -> fill(panel[r], parts, values, axis, inner, places, picked[from + r]));
      sum.products.add(panel, panel, count);
    }
    sum.positions += picked.length;
  }

  private static void fill(
      double[] row,
      List<List<Axes.Part>> parts,
      List<Values> values,
      int axis,
      int inner,
      int places,
      int position) {
    int outer = position / places;
    int index = position % places / inner;
    int at = 0;
    for (int k = 0; k < values.size(); k++) {
      int block = index;
      int p = 0;
      while (block >= parts.get(k).get(p).block()) {
        block -= parts.get(k).get(p++).block();
      }
      Axes.Part part = parts.get(k).get(p);
      float[] data = values.get(k).values();
      int width = values.get(k).shape()[axis];
      int from = (outer * width + part.place() + block) * inner + position % inner;
      for (int i = 0; i < part.size(); i += part.block()) {
        row[at++] = data[from + i * inner];
      }
    }
    row[at] = 1;
  }

  private Tensor tensor(int group, int source, Sum sum, List<Double> weights) {
    int n = sum.n;
    boolean biased = false;
    double[] energy = new double[n];
    List<double[][]> squares = new ArrayList<>();
    int first = 0;
    for (Network model : models) {
      int size = model.architecture().groups().get(group).size();
      ProductSum square = algebra.gram(size);
      for (int l = 0; l < model.layers().size(); l++) {
        if (sources.get(l) == source) {
          Layer layer = model.layers().get(l);
          biased |= layer.shift().isPresent();
          double[][] vectors =
              new LayerWeights(model, layer).towards(Axes.inputs(model, layer), group, size);
          square.add(vectors, vectors, vectors.length);
        }
      }
      double[][] own = square.values();
      squares.add(own);
      for (int i = 0; i < size; i++) {
        energy[first + i] = own[i][i];
      }
      first += size;
    }
    double[] mean = biased ? sum.mean() : new double[n];
    double[][] gram = sum.gram(mean);
    return new Tensor(gram, mean, reads(gram, squares, weights), energy);
  }

  /** Y Y' = sum over models of w / v G[:,k] S_k G[k,:] with v = tr(S_k G_kk). */
  private double[][] reads(double[][] gram, List<double[][]> squares, List<Double> weights) {
    int n = gram.length;
    ProductSum sum = algebra.product(n, n);
    int first = 0;
    for (int k = 0; k < squares.size(); k++) {
      int size = squares.get(k).length;
      double[][] rows = Arrays.copyOfRange(gram, first, first + size);
      ProductSum product = algebra.product(size, n);
      product.add(squares.get(k), rows, size);
      double[][] read = product.values();
      double variance = 0;
      for (int i = 0; i < size; i++) {
        variance += read[i][first + i];
      }
      if (variance > 0) {
        for (double[] row : read) {
          for (int j = 0; j < n; j++) {
            row[j] *= weights.get(k) / variance;
          }
        }
        sum.add(rows, read, size);
      }
      first += size;
    }
    return sum.values();
  }
}
