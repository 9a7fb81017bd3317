package org.otfuse;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.otfuse.TensorLayout.Slab;
import org.otfuse.spi.Span;

/**
 * A model that has passed the {@link FiniteDoor} and whose tensors go to the device when they are
 * first asked for. Not thread-safe.
 */
final class DeviceModel {
  private final Model model;
  private final Arena arena;
  private final List<Span> tensors;
  private final float[] largest;

  /** Refuses values that are not finite. */
  DeviceModel(Model model, Arena arena) {
    this.largest = FiniteDoor.largest(model);
    this.model = model;
    this.arena = arena;
    this.tensors = new ArrayList<>(Collections.nCopies(model.tensors().size(), null));
  }

  Model model() {
    return model;
  }

  Architecture architecture() {
    return model.architecture();
  }

  /** The largest magnitude in a tensor. */
  float largest(int index) {
    return largest[index];
  }

  Span tensor(int index) {
    Span span = tensors.get(index);
    if (span == null) {
      span = arena.upload(model.tensors().get(index));
      tensors.set(index, span);
    }
    return span;
  }

  Span slab(int index, int slab) {
    List<Slab> slabs = architecture().tensors().get(index).slabs();
    long offset = 0;
    for (int s = 0; s < slab; s++) {
      offset += slabs.get(s).length();
    }
    Span tensor = tensor(index);
    return new Span(tensor.buffer(), tensor.offset() + offset, slabs.get(slab).length());
  }
}
