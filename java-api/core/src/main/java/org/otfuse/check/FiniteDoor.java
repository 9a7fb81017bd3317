package org.otfuse.check;

import java.nio.FloatBuffer;
import org.otfuse.InvalidInputException;
import org.otfuse.Model;
import org.otfuse.NeuronGroup;
import org.otfuse.TensorLayout;
import org.otfuse.numeric.FiniteValues;

/**
 * What comes in and goes out is finite: weights and activations are looked at once before anything
 * is computed from them, and the pass also tells the largest magnitude, which says whether squares
 * stay inside float32 and whether a result has to be looked at.
 */
public final class FiniteDoor {
  /**
   * No map and no average makes more out of a value: an axis sums at most 2^31 of them, and of two
   * moved axes the result is still below 2^127.
   */
  private static final float HARMLESS = 0x1p64f;

  private FiniteDoor() {}

  /** Refuses weights that are not finite; the largest magnitude of each tensor. */
  public static float[] largest(Model model) {
    float[] largest = new float[model.tensors().size()];
    for (int t = 0; t < largest.length; t++) {
      FloatBuffer values = model.tensors().get(t);
      largest[t] = FiniteValues.largestMagnitude(values);
      if (!Float.isFinite(largest[t])) {
        throw refusal(
            "Tensor %s of model %s has"
                .formatted(model.architecture().tensors().get(t).name(), model.name()),
            values);
      }
    }
    return largest;
  }

  /** Refuses activations that are not finite; the largest magnitude. */
  public static float largest(Model model, int group, int producer, FloatBuffer activations) {
    float largest = FiniteValues.largestMagnitude(activations);
    if (!Float.isFinite(largest)) {
      NeuronGroup neurons = model.architecture().groups().get(group);
      throw refusal(
          "Activation %s of neuron group %s in model %s has"
              .formatted(neurons.producers().get(producer).node(), neurons.name(), model.name()),
          activations);
    }
    return largest;
  }

  private static InvalidInputException refusal(String what, FloatBuffer values) {
    int at = FiniteValues.firstNotFinite(values);
    return new InvalidInputException(
        "%s %s at index %d, expected finite numbers."
            .formatted(what, values.get(values.position() + at), at));
  }

  /**
   * Refuses a computed tensor that left float32.
   *
   * @param layout the tensor
   * @param values what was computed
   * @param cause the model with the largest magnitude in that tensor
   * @param largest that magnitude
   */
  public static void requireResult(
      TensorLayout layout, FloatBuffer values, Model cause, float largest) {
    int at = largest <= HARMLESS ? -1 : FiniteValues.firstNotFinite(values);
    if (at >= 0) {
      throw new InvalidInputException(
          "Tensor %s leaves the range of float32 at index %d of the result, because model %s has values of up to %s in it."
              .formatted(layout.name(), at, cause.name(), largest));
    }
  }
}
