package org.otfuse.models.closedform;

import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.otfuse.Progress;
import org.otfuse.models.Dataset;
import org.otfuse.models.closedform.LinearAlgebra.ProductSum;
import org.otfuse.models.closedform.StagedRun.Values;

/**
 * Least squares, layer after layer: W = W0 + (T - X W0)' X (X'X + lambda mean(diag X'X) I)^-1,
 * where X is what the layer reads in the network that is fused so far and T what the neurons that
 * it stands for are in the models (RegMean, Jin et al. 2023, equation 2; PLeaS, Nasery et al. 2025,
 * section 4, solve it in one pass over models; here each layer sees what the ones before it
 * became). A layer whose output is added to a value that exists already aims at the sum, so that
 * errors do not pile up along a residual stream.
 */
final class Refit {
  /** Rows that are multiplied at once. */
  private static final int PANEL = 256;

  /** Positions for each input of a layer, at least, where there are as many. */
  private static final int ROWS_A_COLUMN = 4;

  /** A layer that misses its goal by less, relative and squared, is left alone. */
  private static final double EXACT = 1e-9;

  /** How often a ridge that is too weak is multiplied by 10. */
  private static final int TRIES = 12;

  private final Network fused;
  private final List<Network> models;
  private final MergePlan plan;
  private final ClosedFormOptions options;
  private final LinearAlgebra algebra;

  Refit(
      Network fused,
      List<Network> models,
      MergePlan plan,
      ClosedFormOptions options,
      LinearAlgebra algebra) {
    this.fused = fused;
    this.models = models;
    this.plan = plan;
    this.options = options;
    this.algebra = algebra;
  }

  /** Sets the weights of the fused network. */
  List<LayerFit> run(Dataset samples, Progress progress) {
    List<LayerFit> fits = new ArrayList<>();
    List<StagedRun> parents = new ArrayList<>();
    try (StagedRun own = new StagedRun(fused, samples)) {
      models.forEach(model -> parents.add(new StagedRun(model, samples)));
      Set<Integer> pending = new HashSet<>();
      fused.layers().forEach(layer -> pending.add(layer.node()));
      for (int l = 0; l < fused.layers().size(); l++) {
        Layer layer = fused.layers().get(l);
        fits.add(
            layer.obstacle().isPresent()
                ? LayerFit.left(layer.name(), layer.obstacle().get())
                : fit(l, own, parents, pending));
        pending.remove(layer.node());
        progress.step(l + 1, fused.layers().size());
      }
    } finally {
      parents.forEach(StagedRun::close);
    }
    fused.skipped().forEach((name, reason) -> fits.add(LayerFit.left(name, reason)));
    return fits;
  }

  private LayerFit fit(int l, StagedRun own, List<StagedRun> parents, Set<Integer> pending) {
    Layer layer = fused.layers().get(l);
    Optional<String> other =
        sum(fused, layer)
            .map(n -> other(fused, layer, n))
            .filter(value -> own.avoids(value, pending) && keepsShape(l, parents.get(0)));
    List<String> needs = new ArrayList<>(List.of(layer.input()));
    other.ifPresent(needs::add);
    if (other.isEmpty() && fused.inputs().get(0).name().equals(layer.input())) {
      // It sees what it saw in the models, so the merged weights are exact.
      return new LayerFit(layer.name(), 0, 0, false, 0, 0, Optional.empty());
    }
    own.compute(needs);
    List<String> goals = new ArrayList<>();
    for (int k = 0; k < models.size(); k++) {
      Layer mine = models.get(k).layers().get(l);
      goals.add(
          other.isPresent()
              ? models.get(k).node(sum(models.get(k), mine).orElseThrow()).getOutput(0)
              : mine.tap());
      parents.get(k).compute(List.of(goals.get(k)));
    }
    Equations equations = new Equations(l, other.isPresent());
    for (int c = 0; c < own.chunks(); c++) {
      List<Values> targets = new ArrayList<>();
      for (int k = 0; k < models.size(); k++) {
        targets.add(parents.get(k).values(goals.get(k), c));
      }
      int chunk = c;
      equations.add(
          own.values(layer.input(), c),
          targets,
          other.map(value -> own.values(value, chunk)),
          own.chunks(),
          c);
    }
    own.release(needs);
    for (int k = 0; k < models.size(); k++) {
      parents.get(k).release(List.of(goals.get(k)));
    }
    return equations.solve();
  }

  /** Whether the sum that a layer's output goes into has its shape in the first model. */
  private boolean keepsShape(int l, StagedRun run) {
    Network model = models.get(0);
    Layer layer = model.layers().get(l);
    String sum = model.node(sum(model, layer).orElseThrow()).getOutput(0);
    List<String> both = List.of(layer.tap(), sum);
    run.compute(both);
    boolean same = Arrays.equals(run.shape(layer.tap(), 0), run.shape(sum, 0));
    run.release(same ? List.of(layer.tap()) : both);
    return same;
  }

  /** The addition that a layer's output goes into, and nothing else. */
  private static Optional<Integer> sum(Network network, Layer layer) {
    List<Integer> readers = network.readers(layer.tap());
    if (readers.size() != 1 || network.isOutput(layer.tap())) {
      return Optional.empty();
    }
    NodeProto node = network.node(readers.get(0));
    boolean adds = node.getOpType().equals("Add") || node.getOpType().equals("Sum");
    if (!adds || node.getInputCount() != 2) {
      return Optional.empty();
    }
    String value = other(network, layer, readers.get(0));
    boolean constant = network.tensor(value) >= 0 || network.constants().containsKey(value);
    return constant ? Optional.empty() : Optional.of(readers.get(0));
  }

  private static String other(Network network, Layer layer, int add) {
    List<String> inputs = network.node(add).getInputList();
    return inputs.get(inputs.get(0).equals(layer.tap()) ? 1 : 0);
  }

  /** The normal equations of a layer. */
  private final class Equations {
    private final Layer layer;
    private final LayerWeights weights;
    private final List<Mapping> maps = new ArrayList<>();
    private final List<ProductSum> grams = new ArrayList<>();
    private final List<ProductSum> products = new ArrayList<>();
    private final double[] energy;
    private final boolean feedback;
    private Optional<String> obstacle = Optional.empty();
    private long positions;

    Equations(int l, boolean feedback) {
      this.layer = fused.layers().get(l);
      this.feedback = feedback;
      this.weights = new LayerWeights(fused, layer);
      for (int k = 0; k < models.size(); k++) {
        maps.add(Axes.outputMap(models.get(k), models.get(k).layers().get(l), plan, k));
      }
      int columns = unknowns();
      for (int b = 0; b < layer.blocks(); b++) {
        grams.add(algebra.gram(columns));
        products.add(algebra.product(weights.rows(), columns));
      }
      this.energy = new double[layer.blocks()];
    }

    private int unknowns() {
      return weights.columns() + (layer.shift().isPresent() ? 1 : 0);
    }

    void add(Values input, List<Values> targets, Optional<Values> other, int chunks, int chunk) {
      int[] shape = targets.get(0).shape();
      int axis = layer.kind().outputAxis(shape.length);
      int[] out = shape.clone();
      out[axis] = layer.neurons();
      if (other.isPresent() && !Arrays.equals(other.get().shape(), out)) {
        obstacle = Optional.of("its output is added to a value of another shape");
        return;
      }
      InputRows rows = new InputRows(layer, input, out);
      int columns = unknowns();
      int most = Math.max(options.positions(), ROWS_A_COLUMN * columns);
      int[] picked = Positions.of(rows.rows(), chunk, chunks, most);
      positions += picked.length;
      double[][] x = new double[PANEL][columns];
      double[][] t = new double[PANEL][weights.rows()];
      for (int b = 0; b < layer.blocks(); b++) {
        for (int first = 0; first < picked.length; first += PANEL) {
          int start = first;
          int block = b;
          int count = Math.min(PANEL, picked.length - first);
          JavaLinearAlgebra.forEach(
              count,
              (long) count * columns * 8,
              r -> {
                rows.fill(x[r], block, picked[start + r]);
                target(t[r], block, picked[start + r], axis, targets, other);
              });
          grams.get(b).add(x, x, count);
          products.get(b).add(t, x, count);
          for (int r = 0; r < count; r++) {
            for (double value : t[r]) {
              energy[b] += value * value;
            }
          }
        }
      }
    }

    /** What the neurons of a block shall be at a position. */
    private void target(
        double[] row,
        int block,
        int index,
        int axis,
        List<Values> targets,
        Optional<Values> other) {
      Arrays.fill(row, 0);
      for (int k = 0; k < targets.size(); k++) {
        Values values = targets.get(k);
        Mapping map = maps.get(k);
        int inner = values.inner(axis);
        int base = index / inner * values.shape()[axis] * inner + index % inner;
        for (int j = 0; j < row.length; j++) {
          int[] sources = map.sources()[block * row.length + j];
          double[] factors = map.coefficients()[block * row.length + j];
          for (int s = 0; s < sources.length; s++) {
            row[j] += factors[s] * values.values()[base + sources[s] * inner];
          }
        }
      }
      if (other.isPresent()) {
        Values values = other.get();
        int inner = values.inner(axis);
        int base = index / inner * values.shape()[axis] * inner + index % inner;
        for (int j = 0; j < row.length; j++) {
          row[j] -= values.values()[base + (block * row.length + j) * inner];
        }
      }
    }

    LayerFit solve() {
      if (obstacle.isPresent()) {
        return LayerFit.left(layer.name(), obstacle.get());
      }
      double before = 0;
      double after = 0;
      boolean changed = false;
      double total = 0;
      for (int b = 0; b < layer.blocks(); b++) {
        double[][] gram = grams.get(b).values();
        double[][] product = products.get(b).values();
        double[][] start = weights.block(b);
        double[][] missing = missing(start, gram, product);
        double missed = missed(start, missing, product, energy[b]);
        before += missed;
        total += energy[b];
        double left = missed;
        if (missed > EXACT * energy[b]) {
          Optional<double[][]> change = ridge(gram, missing);
          if (change.isEmpty()) {
            return LayerFit.left(
                layer.name(), "its inputs on the samples have no finite least squares");
          }
          for (int o = 0; o < start.length; o++) {
            JavaLinearAlgebra.add1(start[o], 0, start[o].length, 1, change.get()[o]);
          }
          weights.set(b, start);
          changed = true;
          left = missed(start, missing(start, gram, product), product, energy[b]);
        }
        after += left;
      }
      double scale = total > 0 ? total : 1;
      return new LayerFit(
          layer.name(),
          Math.max(0, before / scale),
          Math.max(0, after / scale),
          feedback,
          changed ? positions : 0,
          unknowns(),
          Optional.empty());
    }

    private Optional<double[][]> ridge(double[][] gram, double[][] missing) {
      double mean = 0;
      for (int i = 0; i < gram.length; i++) {
        mean += gram[i][i] / gram.length;
      }
      double ridge = options.ridge();
      for (int tries = 0; tries < TRIES; tries++, ridge *= 10) {
        double[][] damped = JavaLinearAlgebra.copy(gram);
        for (int i = 0; i < gram.length; i++) {
          damped[i][i] += ridge * mean;
        }
        Optional<double[][]> change = algebra.solve(damped, missing);
        if (change.isPresent()) {
          return change;
        }
      }
      return Optional.empty();
    }

    /** T'X - W X'X, what is left of the goal along the inputs [rows,columns]. */
    private double[][] missing(double[][] w, double[][] gram, double[][] product) {
      int d = gram.length;
      double[][] transposed = new double[d][w.length];
      for (int o = 0; o < w.length; o++) {
        for (int c = 0; c < d; c++) {
          transposed[c][o] = w[o][c];
        }
      }
      ProductSum sum = algebra.product(w.length, d);
      sum.add(transposed, gram, d);
      double[][] missing = sum.values();
      for (int o = 0; o < w.length; o++) {
        for (int c = 0; c < d; c++) {
          missing[o][c] = product[o][c] - missing[o][c];
        }
      }
      return missing;
    }

    /** |T - X W'|^2 = |T|^2 - W (T'X) - W (T'X - W X'X). */
    private double missed(double[][] w, double[][] missing, double[][] product, double energy) {
      double sum = energy;
      for (int o = 0; o < w.length; o++) {
        for (int c = 0; c < w[o].length; c++) {
          sum -= w[o][c] * (product[o][c] + missing[o][c]);
        }
      }
      return sum;
    }
  }
}
