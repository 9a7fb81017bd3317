package org.otfuse.check;

import java.nio.FloatBuffer;
import java.util.Objects;
import org.otfuse.Activations;
import org.otfuse.InvalidInputException;
import org.otfuse.Model;
import org.otfuse.NeuronGroup;

/** Activations of a model whose values must be whole rows for the neurons of each group. */
public record CheckedActivations(Activations given, Model model) implements Activations {
  public CheckedActivations {
    Objects.requireNonNull(given, "activations");
  }

  @Override
  public FloatBuffer of(int group, int producer) {
    FloatBuffer outputs = given.of(group, producer);
    NeuronGroup neurons = model.architecture().groups().get(group);
    if (outputs == null || outputs.remaining() % neurons.size() != 0) {
      throw new InvalidInputException(
          "The activations of layer %s of model %s have %s values, expected as many for each of the %d neurons of group %s."
              .formatted(
                  neurons.producers().get(producer).node(),
                  model.name(),
                  outputs == null ? "no" : outputs.remaining(),
                  neurons.size(),
                  neurons.name()));
    }
    return outputs;
  }
}
