package org.otfuse.models.closedform;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What becomes of one group's neurons: those that are kept, and the regression of all on those, one
 * for each value that layers read.
 */
final class GroupMaps {
  /** Squared correlation above which two neurons are one before the nonlinearity. */
  private static final double SAME = 0.999;

  /** What is less than this part of the largest is dead. */
  private static final double DEAD = 1e-12;

  private final Optional<Pool> pool;
  private final int[] sizes;
  private final int[] chosen;
  private final Map<Integer, double[][]> regressions = new HashMap<>();
  private final Map<Integer, double[]> offsets = new HashMap<>();
  private double error;

  private GroupMaps(Optional<Pool> pool, int[] sizes, int[] chosen) {
    this.pool = pool;
    this.sizes = sizes;
    this.chosen = chosen;
  }

  /** Neurons that are averaged in their places. */
  static GroupMaps average(int[] sizes) {
    return new GroupMaps(Optional.empty(), sizes, new int[0]);
  }

  /**
   * Neurons that are kept.
   *
   * @param chosen indices into the pool, by their places
   * @param tensors the values that layers read
   * @param activity covariances before the nonlinearity
   */
  static GroupMaps selected(
      Pool pool,
      int[] chosen,
      Map<Integer, Readings.Tensor> tensors,
      double[][] activity,
      double ridge,
      LinearAlgebra algebra) {
    GroupMaps maps = new GroupMaps(Optional.of(pool), new int[0], chosen);
    maps.regressions.put(-1, maps.nearest(activity, activity));
    maps.offsets.put(-1, new double[pool.size()]);
    double missed = 0;
    double total = 0;
    for (Map.Entry<Integer, Readings.Tensor> entry : tensors.entrySet()) {
      Readings.Tensor tensor = entry.getValue();
      double[][] regression = maps.regression(tensor.gram(), activity, ridge, algebra);
      maps.regressions.put(entry.getKey(), regression);
      maps.offsets.put(entry.getKey(), maps.offset(regression, tensor.mean()));
      missed += maps.missed(regression, tensor.gram());
      for (int j = 0; j < pool.size(); j++) {
        total += tensor.gram()[j][j];
      }
    }
    maps.error = total > 0 ? Math.max(0, missed / total) : 0;
    return maps;
  }

  /** Each neuron by the kept one that it is most correlated with. */
  private double[][] nearest(double[][] gram, double[][] activity) {
    int n = gram.length;
    double largest = 0;
    for (int j = 0; j < n; j++) {
      largest = Math.max(largest, gram[j][j]);
    }
    double[][] nearest = new double[n][chosen.length];
    for (int j = 0; j < n; j++) {
      boolean dead = gram[j][j] <= DEAD * largest;
      double[][] by = dead ? activity : gram;
      int best = match(by, j);
      if (best >= 0 && (!dead || correlation(by, j, chosen[best]) > SAME)) {
        nearest[j][best] = by[j][chosen[best]] / by[chosen[best]][chosen[best]];
      }
    }
    for (int p = 0; p < chosen.length; p++) {
      Arrays.fill(nearest[chosen[p]], 0);
      nearest[chosen[p]][p] = 1;
    }
    return nearest;
  }

  private int match(double[][] gram, int j) {
    int best = -1;
    double most = 0;
    for (int p = 0; p < chosen.length; p++) {
      double r = correlation(gram, j, chosen[p]);
      if (r > most) {
        most = r;
        best = p;
      }
    }
    return best;
  }

  private static double correlation(double[][] gram, int i, int j) {
    double scale = gram[i][i] * gram[j][j];
    return scale > 0 ? gram[i][j] * gram[i][j] / scale : 0;
  }

  /** U = U0 + (G[:,S] - U0 G_SS)(G_SS + ridge mean(diag G_SS) I)^-1. */
  private double[][] regression(
      double[][] gram, double[][] activity, double ridge, LinearAlgebra algebra) {
    int n = gram.length;
    int m = chosen.length;
    double[][] start = nearest(gram, activity);
    double[][] own = new double[m][m];
    double mean = 0;
    for (int p = 0; p < m; p++) {
      for (int q = 0; q < m; q++) {
        own[p][q] = gram[chosen[p]][chosen[q]];
      }
      mean += own[p][p] / m;
    }
    double[][] missing = new double[n][m];
    for (int j = 0; j < n; j++) {
      for (int p = 0; p < m; p++) {
        missing[j][p] = gram[j][chosen[p]];
      }
      for (int p = 0; p < m; p++) {
        if (start[j][p] != 0) {
          JavaLinearAlgebra.add1(missing[j], 0, m, -start[j][p], own[p]);
        }
      }
    }
    for (int p = 0; p < m; p++) {
      own[p][p] += ridge * mean;
      Arrays.fill(missing[chosen[p]], 0);
    }
    algebra
        .solve(own, missing)
        .ifPresent(
            change -> {
              for (int j = 0; j < n; j++) {
                JavaLinearAlgebra.add1(start[j], 0, m, 1, change[j]);
              }
            });
    return start;
  }

  private double[] offset(double[][] regression, double[] mean) {
    double[] offset = mean.clone();
    for (int j = 0; j < offset.length; j++) {
      for (int p = 0; p < chosen.length; p++) {
        offset[j] -= regression[j][p] * mean[chosen[p]];
      }
    }
    for (int j : chosen) {
      offset[j] = 0;
    }
    return offset;
  }

  /** tr(G - 2 U G[S,:] + U G_SS U'). */
  private double missed(double[][] regression, double[][] gram) {
    double missed = 0;
    for (int j = 0; j < gram.length; j++) {
      missed += gram[j][j];
      for (int p = 0; p < chosen.length; p++) {
        double sum = -2 * gram[j][chosen[p]];
        if (regression[j][p] != 0) {
          for (int q = 0; q < chosen.length; q++) {
            sum += regression[j][q] * gram[chosen[p]][chosen[q]];
          }
        }
        missed += regression[j][p] * sum;
      }
    }
    return missed;
  }

  /** The neurons that are kept, by their places; empty where all are averaged. */
  Optional<int[]> chosen() {
    return pool.map(p -> chosen);
  }

  /** How many of a model's neurons are kept. */
  int share(int model) {
    Pool all = pool.orElseThrow();
    int first = all.first(model);
    return (int)
        Arrays.stream(chosen).filter(j -> j >= first && j < first + all.size(model)).count();
  }

  /** The part that those kept do not explain. */
  double error() {
    return error;
  }

  /** A model's neurons that are kept, in their places. */
  Mapping kept(int model) {
    Pool all = pool.orElseThrow();
    double[][] matrix = new double[all.size(model)][chosen.length];
    for (int p = 0; p < chosen.length; p++) {
      int i = chosen[p] - all.first(model);
      if (i >= 0 && i < all.size(model)) {
        matrix[i][p] = 1;
      }
    }
    return Mapping.of(matrix, chosen.length);
  }

  /** A model's neurons in terms of those that are kept, in a value. */
  Mapping unmerged(int model, int source) {
    if (pool.isEmpty()) {
      return Mapping.identity(sizes[model], 1);
    }
    Pool all = pool.get();
    double[][] regression = regressions.getOrDefault(source, regressions.get(-1));
    return Mapping.of(
        Arrays.copyOfRange(regression, all.first(model), all.first(model) + all.size(model)),
        chosen.length);
  }

  /** What of a model's neurons those that are kept do not vary with. */
  double[] offset(int model, int source) {
    if (pool.isEmpty()) {
      return new double[sizes[model]];
    }
    Pool all = pool.get();
    double[] offset = offsets.getOrDefault(source, offsets.get(-1));
    return Arrays.copyOfRange(offset, all.first(model), all.first(model) + all.size(model));
  }
}
