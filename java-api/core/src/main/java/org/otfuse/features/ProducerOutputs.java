package org.otfuse.features;

import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.otfuse.Activations;
import org.otfuse.Model;
import org.otfuse.check.FiniteDoor;
import org.otfuse.numeric.FiniteValues;

/** The activations of a group's producers in one model, each asked for once and finite. */
public final class ProducerOutputs {
  private final Map<Integer, FloatBuffer> outputs = new HashMap<>();
  private final int neurons;
  private double largest;

  /** Asks for the outputs of the given producers and refuses values that are not finite. */
  public ProducerOutputs(Model model, Activations activations, int g, List<Integer> producers) {
    this.neurons = model.architecture().groups().get(g).size();
    for (int p : producers) {
      FloatBuffer values = activations.of(g, p);
      largest = Math.max(largest, FiniteDoor.largest(model, g, p, values));
      outputs.put(p, values);
    }
  }

  int neurons() {
    return neurons;
  }

  /** The outputs of a producer, [n,d]. */
  public FloatBuffer of(int producer) {
    return outputs.get(producer);
  }

  /** The largest magnitude. */
  double largest() {
    return largest;
  }

  /** The largest magnitude of each neuron. */
  double[] magnitudes() {
    double[] magnitudes = new double[neurons];
    for (FloatBuffer values : outputs.values()) {
      int d = values.remaining() / neurons;
      for (int i = 0; i < neurons; i++) {
        float own = FiniteValues.largestMagnitude(values.slice(values.position() + i * d, d));
        magnitudes[i] = Math.max(magnitudes[i], own);
      }
    }
    return magnitudes;
  }
}
