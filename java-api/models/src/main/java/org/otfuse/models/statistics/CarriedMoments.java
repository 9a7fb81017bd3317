package org.otfuse.models.statistics;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Optional;
import org.otfuse.Coupling;
import org.otfuse.models.runtime.ActivationTaps;

/**
 * Moments of one producer's neurons, to be carried by a coupling onto an anchor's as {@link
 * ActivationMoments#carried} says. Where neurons become fewer, the moments of the means that the
 * coupling makes of them are added up too: the covariances are in these. Not thread-safe.
 */
final class CarriedMoments {
  /** Shares of a neuron's mass that are too small to change a mean in single precision. */
  private static final double LEAST_SHARE = 1e-7;

  private final ActivationTaps.Tap tap;
  private final Optional<Coupling> coupling;
  private final Moments own;
  private final Moments merged;

  CarriedMoments(ActivationTaps.Tap tap, Optional<Coupling> coupling) {
    this.tap = tap;
    this.coupling = coupling;
    this.own = new Moments(tap.size());
    this.merged =
        new Moments(
            coupling.map(Coupling::columns).filter(columns -> columns < tap.size()).orElse(0));
  }

  /** Adds a batch. */
  void add(ActivationTaps.Layout layout, int samples, FloatBuffer values) {
    double[] part = new double[samples * layout.positions()];
    for (int i = 0; i < own.neurons(); i++) {
      Arrays.fill(part, 0);
      accumulate(layout, values, i, 1, part);
      own.join(i, part);
    }
    own.count(part.length);
    for (int j = 0; j < merged.neurons(); j++) {
      Arrays.fill(part, 0);
      double mass = mass(j);
      for (int i = 0; i < own.neurons(); i++) {
        double share = share(i, j) / mass;
        if (share > LEAST_SHARE) {
          accumulate(layout, values, i, share, part);
        }
      }
      merged.join(j, part);
    }
    merged.count(part.length);
  }

  /** Adds a neuron's values at all positions of all samples, times a factor. */
  private void accumulate(
      ActivationTaps.Layout layout, FloatBuffer values, int neuron, double factor, double[] sums) {
    for (int at = 0; at < sums.length; at += layout.inner()) {
      int block = at / layout.inner();
      int from = (block * layout.width() + tap.first() + neuron) * layout.inner();
      for (int p = 0; p < layout.inner(); p++) {
        sums[at + p] += factor * values.get(from + p);
      }
    }
  }

  private double share(int i, int j) {
    return coupling.orElseThrow().values()[i * coupling.orElseThrow().columns() + j];
  }

  private double mass(int j) {
    double mass = 0;
    for (int i = 0; i < own.neurons(); i++) {
      mass += share(i, j);
    }
    return mass;
  }

  /** The moments of the anchor's neurons; neurons that get no mass have none. */
  ActivationMoments.Outputs outputs() {
    int m = coupling.map(Coupling::columns).orElse(own.neurons());
    double[] mean = new double[m];
    double[] variance = new double[m];
    for (int j = 0; j < m; j++) {
      if (coupling.isEmpty()) {
        mean[j] = own.mean(j);
        variance[j] = own.variance(j);
      } else if (mass(j) > 0) {
        carry(j, mean, variance);
      }
    }
    return new ActivationMoments.Outputs(mean, variance);
  }

  private void carry(int j, double[] mean, double[] variance) {
    double mass = mass(j);
    double deviation = 0;
    double squares = 0;
    double alone = 0;
    double squaredShares = 0;
    for (int i = 0; i < own.neurons(); i++) {
      double share = share(i, j) / mass;
      mean[j] += share * own.mean(i);
      deviation += share * Math.sqrt(own.variance(i));
      squares += share * own.variance(i);
      alone += share * share * own.variance(i);
      squaredShares += share * share;
    }
    variance[j] = deviation * deviation;
    if (j < merged.neurons() && squaredShares < 1 - 1e-6) {
      double covariance = (merged.variance(j) - alone) / (1 - squaredShares);
      double together = (double) own.neurons() / merged.neurons();
      variance[j] = Math.max(0, (squares - covariance) / together + covariance);
    }
  }
}
