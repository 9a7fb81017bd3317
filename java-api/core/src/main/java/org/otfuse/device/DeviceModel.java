package org.otfuse.device;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.otfuse.Architecture;
import org.otfuse.Model;
import org.otfuse.TensorLayout.Slab;
import org.otfuse.check.FiniteDoor;
import org.otfuse.spi.Span;

/**
 * A model that has passed the {@link FiniteDoor} and whose tensors go to the device when they are
 * first asked for. Not thread-safe.
 */
public final class DeviceModel {
  private final Model model;
  private final Arena arena;
  private final List<Span> tensors;
  private final float[] largest;

  /** Refuses values that are not finite. */
  public DeviceModel(Model model, Arena arena) {
    this.largest = FiniteDoor.largest(model);
    this.model = model;
    this.arena = arena;
    this.tensors = new ArrayList<>(Collections.nCopies(model.tensors().size(), null));
  }

  public Model model() {
    return model;
  }

  public Architecture architecture() {
    return model.architecture();
  }

  /** The largest magnitude in a tensor. */
  public float largest(int index) {
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

  public Span slab(int index, int slab) {
    List<Slab> slabs = architecture().tensors().get(index).slabs();
    long offset = 0;
    for (int s = 0; s < slab; s++) {
      offset += slabs.get(s).length();
    }
    Span tensor = tensor(index);
    return new Span(tensor.buffer(), tensor.offset() + offset, slabs.get(slab).length());
  }
}
