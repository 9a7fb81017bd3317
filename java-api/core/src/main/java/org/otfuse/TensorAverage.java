package org.otfuse;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.otfuse.TensorLayout.Slab;
import org.otfuse.spi.AverageTask;
import org.otfuse.spi.AverageTask.Source;
import org.otfuse.spi.Backend;
import org.otfuse.spi.Span;

/**
 * Carries all tensors of several models onto the anchor and averages them. Tensors go through the
 * back end in batches of bounded size, so that the memory beyond models and result does not grow
 * with the model.
 */
final class TensorAverage {
  private static final long FLOATS_A_BATCH = 1 << 22;

  /** One model, its weight, and the maps of its groups. */
  record Member(DeviceModel model, double weight, List<GroupMaps> maps) {}

  private final Backend backend;
  private final Architecture anchor;
  private final List<Member> members;

  private TensorAverage(Backend backend, Architecture anchor, List<Member> members) {
    this.backend = backend;
    this.anchor = anchor;
    this.members = members.stream().filter(m -> m.weight != 0).toList();
  }

  /** The average as a model with the anchor's name and architecture. */
  static Model model(Backend backend, Model anchor, List<Member> members) {
    Architecture architecture = anchor.architecture();
    return new Model(
        anchor.name(), architecture, new TensorAverage(backend, architecture, members).compute());
  }

  private List<FloatBuffer> compute() {
    List<FloatBuffer> result = new ArrayList<>();
    int tensor = 0;
    while (tensor < anchor.tensors().size()) {
      int first = tensor;
      long floats = 0;
      while (tensor < anchor.tensors().size()
          && (tensor == first || floats + length(tensor) <= FLOATS_A_BATCH)) {
        floats += length(tensor++);
      }
      batch(first, tensor, result);
    }
    return result;
  }

  private int length(int tensor) {
    return anchor.tensors().get(tensor).length();
  }

  private void batch(int first, int last, List<FloatBuffer> result) {
    try (Arena arena = new Arena(backend)) {
      List<AverageTask> tasks = new ArrayList<>();
      List<Span> targets = new ArrayList<>();
      for (int t = first; t < last; t++) {
        Span target = arena.allocate(length(t));
        targets.add(target);
        addTasks(t, target, tasks);
      }
      backend.average(tasks);
      for (int t = first; t < last; t++) {
        FloatBuffer host = FloatBuffer.allocate(length(t));
        backend.download(targets.get(t - first), host);
        requireFinite(t, host);
        result.add(host);
      }
    }
  }

  private void requireFinite(int tensor, FloatBuffer result) {
    DeviceModel cause =
        members.stream()
            .map(Member::model)
            .max(Comparator.comparingDouble(model -> model.largest(tensor)))
            .orElseThrow();
    FiniteDoor.requireResult(
        anchor.tensors().get(tensor), result, cause.model(), cause.largest(tensor));
  }

  private void addTasks(int tensor, Span target, List<AverageTask> tasks) {
    List<Slab> slabs = anchor.tensors().get(tensor).slabs();
    long offset = target.offset();
    for (int s = 0; s < slabs.size(); s++) {
      int length = slabs.get(s).length();
      List<Source> sources = new ArrayList<>();
      for (Member member : members) {
        Slab slab = member.model.architecture().tensors().get(tensor).slabs().get(s);
        sources.add(
            new Source(
                member.model.slab(tensor, s),
                (float) member.weight,
                AxisMaps.of(slab, member.maps)));
      }
      tasks.add(new AverageTask(new Span(target.buffer(), offset, length), sources));
      offset += length;
    }
  }
}
