package org.otfuse.features;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import org.otfuse.MarginalKind;
import org.otfuse.Model;
import org.otfuse.NeuronGroup;
import org.otfuse.Producer;

/**
 * The mass of each neuron of a group: the same for all, the norm of its raw incoming weights (Singh
 * and Jaggi 2020, section 4), or the standard deviation of its activations, plus 1e-9 so that no
 * neuron is without mass, summing to 1.
 */
public final class Importance {
  private static final double FLOOR = 1e-9;

  private Importance() {}

  /** By the activations of all producers, each [n,d]. */
  public static float[] marginal(List<FloatBuffer> activations, int n) {
    double[] mass = new double[n];
    for (FloatBuffer outputs : activations) {
      addVariances(outputs, mass);
    }
    Arrays.setAll(mass, i -> Math.sqrt(mass[i]));
    return normalised(mass, FLOOR);
  }

  private static void addVariances(FloatBuffer outputs, double[] mass) {
    int d = outputs.remaining() / mass.length;
    for (int i = 0; i < mass.length; i++) {
      int first = outputs.position() + i * d;
      double mean = 0;
      for (int s = 0; s < d; s++) {
        mean += (double) outputs.get(first + s) / d;
      }
      double squares = 0;
      for (int s = 0; s < d; s++) {
        double deviation = outputs.get(first + s) - mean;
        squares += deviation * deviation;
      }
      mass[i] += squares / Math.max(1, d);
    }
  }

  /** By the weights, or uniform. */
  public static float[] marginal(Model model, NeuronGroup group, MarginalKind kind) {
    double[] mass = new double[group.size()];
    if (kind == MarginalKind.UNIFORM) {
      Arrays.fill(mass, 1);
    } else {
      for (Producer producer : group.producers()) {
        addNorms(model, producer, kind, mass);
      }
      if (kind == MarginalKind.L2) {
        Arrays.setAll(mass, i -> Math.sqrt(mass[i]));
      }
    }
    return normalised(mass, kind == MarginalKind.UNIFORM ? 0 : FLOOR);
  }

  private static float[] normalised(double[] mass, double floor) {
    double sum = Arrays.stream(mass).sum();
    double total = sum > 0 ? sum : 1;
    float[] marginal = new float[mass.length];
    for (int i = 0; i < mass.length; i++) {
      marginal[i] = (float) ((mass[i] / total + floor) / ((sum > 0 ? 1 : 0) + floor * mass.length));
    }
    return marginal;
  }

  private static void addNorms(Model model, Producer producer, MarginalKind kind, double[] mass) {
    SlabRows.visit(
        model,
        SlabRows.Place.of(producer, mass.length),
        (i, value) ->
            mass[i] += kind == MarginalKind.L1 ? Math.abs(value) : (double) value * value);
  }
}
