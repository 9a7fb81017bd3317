package org.otfuse.features;

import java.nio.FloatBuffer;
import java.util.List;
import org.otfuse.Model;
import org.otfuse.Producer;
import org.otfuse.TensorLayout.Slab;

/** The values of a tensor by the neuron of one axis that they belong to, read on the host. */
public final class SlabRows {
  /** Takes one value. */
  interface Visitor {
    void visit(int neuron, float value);
  }

  /**
   * Where the neurons lie.
   *
   * @param tensor index of the tensor
   * @param slab index of the slab
   * @param axis the axis of the slab whose indices are the neurons
   * @param first the first neuron's first index on that axis
   * @param block consecutive indices of each neuron
   * @param neurons how many
   */
  public record Place(int tensor, int slab, int axis, int first, int block, int neurons) {
    static Place of(Producer producer, int neurons) {
      return new Place(
          producer.weight(),
          producer.slab(),
          producer.outputAxis(),
          producer.firstRow(),
          1,
          neurons);
    }
  }

  private SlabRows() {}

  /** Visits every value that belongs to one of the neurons. */
  static void visit(Model model, Place place, Visitor visitor) {
    List<Slab> slabs = model.architecture().tensors().get(place.tensor).slabs();
    FloatBuffer values = model.tensors().get(place.tensor);
    int offset = values.position();
    for (int s = 0; s < place.slab; s++) {
      offset += slabs.get(s).length();
    }
    Slab slab = slabs.get(place.slab);
    int inner = 1;
    for (int a = place.axis + 1; a < slab.axes().size(); a++) {
      inner *= slab.axes().get(a).size();
    }
    int indices = slab.axes().get(place.axis).size();
    for (int p = 0; p < slab.length(); p++) {
      int index = p / inner % indices - place.first;
      if (index >= 0 && index < place.neurons * place.block) {
        visitor.visit(index / place.block, values.get(offset + p));
      }
    }
  }

  /** Raises the magnitudes of the neurons to what the tensor holds, times a factor a neuron. */
  public static void raise(Model model, Place place, double[] factors, double[] magnitudes) {
    visit(
        model,
        place,
        (i, value) -> magnitudes[i] = Math.max(magnitudes[i], Math.abs(factors[i] * value)));
  }
}
