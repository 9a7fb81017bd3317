package org.otfuse.testkit;

import static org.otfuse.testkit.Samples.doubles;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.otfuse.FusionOptions;
import org.otfuse.MarginalKind;
import org.otfuse.Metric;
import org.otfuse.Model;
import org.otfuse.Solver;

/**
 * The fusion of two fully connected models by their weights, half and half, onto the first one
 * (Singh and Jaggi 2020, algorithm 1), straight from its definition in float64.
 */
final class MlpFusionReference {
  private final FusionOptions options;

  private MlpFusionReference(FusionOptions options) {
    this.options = options;
  }

  /** All tensors of the fused model. */
  static List<double[]> fuse(Model anchor, Model other, FusionOptions options) {
    return new MlpFusionReference(options).fuse(anchor, other);
  }

  private List<double[]> fuse(Model anchor, Model other) {
    List<double[]> fused = new ArrayList<>();
    int layers = anchor.tensors().size() / 2;
    double[] q = identity(columns(anchor, 0));
    for (int l = 0; l < layers; l++) {
      int rows = anchor.tensors().get(2 * l + 1).remaining();
      int columns = columns(anchor, l);
      double[] weight = product(values(other, 2 * l), q, rows, columns, columns);
      double[] bias = values(other, 2 * l + 1);
      double[] p = identity(rows);
      q = identity(rows);
      if (l < layers - 1) {
        double[] plan =
            plan(
                features(weight, bias),
                features(values(anchor, 2 * l), values(anchor, 2 * l + 1)),
                marginal(other, l),
                marginal(anchor, l));
        p = MapReference.p(plan, rows, rows);
        q = MapReference.q(plan, rows, rows);
      }
      double[] transposed = transposed(p, rows);
      fused.add(half(values(anchor, 2 * l), product(transposed, weight, rows, rows, columns)));
      fused.add(half(values(anchor, 2 * l + 1), product(transposed, bias, rows, rows, 1)));
    }
    return fused;
  }

  private double[] plan(double[][] x, double[][] y, double[] a, double[] b) {
    int n = a.length;
    double[] cost = new double[n * n];
    for (int k = 0; k < cost.length; k++) {
      cost[k] = distance(x[k / n], y[k % n], options.alignment().metric());
    }
    if (options.alignment().solver() == Solver.SINKHORN) {
      return SinkhornReference.solve(cost, a, b, options.alignment().sinkhorn()).plan();
    }
    if (options.alignment().marginals() != MarginalKind.UNIFORM) {
      return TransportReference.solve(cost, a, b);
    }
    double[] plan = new double[n * n];
    int[] rowOf = AssignmentReference.solve(cost, n);
    for (int j = 0; j < n; j++) {
      plan[rowOf[j] * n + j] = 1.0 / n;
    }
    return plan;
  }

  private static double distance(double[] x, double[] y, Metric metric) {
    double square = 0;
    double dot = 0;
    double xx = 0;
    double yy = 0;
    for (int k = 0; k < x.length; k++) {
      square += (x[k] - y[k]) * (x[k] - y[k]);
      dot += x[k] * y[k];
      xx += x[k] * x[k];
      yy += y[k] * y[k];
    }
    return switch (metric) {
      case SQEUCLIDEAN -> square;
      case EUCLIDEAN -> Math.sqrt(square);
      case COSINE -> xx == 0 || yy == 0 ? 1 : 1 - dot / Math.sqrt(xx) / Math.sqrt(yy);
    };
  }

  private double[] marginal(Model model, int layer) {
    double[] weight = values(model, 2 * layer);
    int d = columns(model, layer);
    double[] mass = new double[weight.length / d];
    for (int k = 0; k < weight.length; k++) {
      mass[k / d] +=
          options.alignment().marginals() == MarginalKind.L1
              ? Math.abs(weight[k])
              : weight[k] * weight[k];
    }
    if (options.alignment().marginals() == MarginalKind.UNIFORM) {
      Arrays.fill(mass, 1);
    } else if (options.alignment().marginals() == MarginalKind.L2) {
      Arrays.setAll(mass, i -> Math.sqrt(mass[i]));
    }
    double total = Arrays.stream(mass).sum();
    double floor = options.alignment().marginals() == MarginalKind.UNIFORM ? 0 : 1e-9;
    return Arrays.stream(mass).map(v -> (v / total + floor) / (1 + floor * mass.length)).toArray();
  }

  private static double[][] features(double[] weight, double[] bias) {
    int d = weight.length / bias.length;
    double[][] rows = new double[bias.length][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = Arrays.copyOfRange(weight, i * d, (i + 1) * d + 1);
      rows[i][d] = bias[i];
    }
    return rows;
  }

  private static int columns(Model model, int layer) {
    return model.tensors().get(2 * layer).remaining()
        / model.tensors().get(2 * layer + 1).remaining();
  }

  private static double[] values(Model model, int tensor) {
    FloatBuffer buffer = model.tensors().get(tensor);
    float[] values = new float[buffer.remaining()];
    buffer.get(buffer.position(), values);
    return doubles(values);
  }

  private static double[] identity(int n) {
    double[] identity = new double[n * n];
    for (int i = 0; i < n; i++) {
      identity[i * n + i] = 1;
    }
    return identity;
  }

  private static double[] transposed(double[] square, int n) {
    double[] result = new double[n * n];
    for (int k = 0; k < result.length; k++) {
      result[k] = square[k % n * n + k / n];
    }
    return result;
  }

  /** A [n,inner] times B [inner,m]. */
  private static double[] product(double[] a, double[] b, int n, int inner, int m) {
    double[] c = new double[n * m];
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < inner; k++) {
        for (int j = 0; j < m; j++) {
          c[i * m + j] += a[i * inner + k] * b[k * m + j];
        }
      }
    }
    return c;
  }

  private static double[] half(double[] x, double[] y) {
    double[] mean = new double[x.length];
    Arrays.setAll(mean, k -> x[k] / 2 + y[k] / 2);
    return mean;
  }
}
