package org.otfuse.average;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.otfuse.Architecture;
import org.otfuse.Model;
import org.otfuse.Progress;
import org.otfuse.TensorLayout.Slab;
import org.otfuse.check.Cancellation;
import org.otfuse.check.FiniteDoor;
import org.otfuse.device.Arena;
import org.otfuse.device.DeviceModel;
import org.otfuse.maps.AxisMaps;
import org.otfuse.maps.GroupMaps;
import org.otfuse.spi.AverageTask;
import org.otfuse.spi.AverageTask.Source;
import org.otfuse.spi.Backend;
import org.otfuse.spi.Span;

/**
 * Carries all tensors of models onto the anchor and averages them: of several models at once, or of
 * one after the other into a sum. The same sum in the same order is the same bits either way where
 * a back end rounds after each source. Tensors go through the back end in batches of bounded size,
 * so that the memory beyond models and result does not grow with the model.
 */
public final class TensorAverage {
  private static final long FLOATS_A_BATCH = 1 << 22;

  /** One model, its weight, and the maps of its groups. */
  public record Member(DeviceModel model, double weight, List<GroupMaps> maps) {}

  private final Backend backend;
  private final Architecture anchor;
  private final Progress progress;
  private final List<FloatBuffer> sum = new ArrayList<>();

  /** An empty sum of models that come one at a time; the progress may stop it between tensors. */
  public TensorAverage(Backend backend, Architecture anchor, Progress progress) {
    this.backend = backend;
    this.anchor = anchor;
    this.progress = progress;
  }

  /** The average as a model with the anchor's name and architecture. */
  public static Model model(
      Backend backend, Model anchor, List<Member> members, Progress progress) {
    TensorAverage average = new TensorAverage(backend, anchor.architecture(), progress);
    average.add(members);
    return average.model(anchor.name());
  }

  /** What was added so far, as a model. */
  public Model model(String name) {
    return new Model(name, anchor, sum);
  }

  /** Adds models in order; those without weight are left out. */
  public void add(List<Member> weighted) {
    List<Member> members = weighted.stream().filter(m -> m.weight != 0).toList();
    if (members.isEmpty()) {
      return;
    }
    int tensor = 0;
    while (tensor < anchor.tensors().size()) {
      int first = tensor;
      long floats = 0;
      while (tensor < anchor.tensors().size()
          && (tensor == first || floats + length(tensor) <= FLOATS_A_BATCH)) {
        floats += length(tensor++);
      }
      batch(first, tensor, members);
    }
  }

  private int length(int tensor) {
    return anchor.tensors().get(tensor).length();
  }

  private void batch(int first, int last, List<Member> members) {
    Cancellation.check(progress);
    try (Arena arena = new Arena(backend)) {
      List<Span> targets = new ArrayList<>();
      for (int t = first; t < last; t++) {
        targets.add(arena.allocate(length(t)));
      }
      average(first, targets, members);
      for (int t = first; t < last; t++) {
        if (t == sum.size()) {
          sum.add(FloatBuffer.allocate(length(t)));
        }
        backend.download(targets.get(t - first), sum.get(t));
        requireFinite(t, members);
      }
    }
  }

  /** Computes the tensors from the first on; the sum so far is done with at the end. */
  private void average(int first, List<Span> targets, List<Member> members) {
    try (Arena before = new Arena(backend)) {
      List<AverageTask> tasks = new ArrayList<>();
      for (int k = 0; k < targets.size(); k++) {
        int tensor = first + k;
        Optional<Span> soFar =
            tensor < sum.size() ? Optional.of(before.upload(sum.get(tensor))) : Optional.empty();
        addTasks(tensor, targets.get(k), soFar, members, tasks);
      }
      backend.average(tasks);
    }
  }

  private void requireFinite(int tensor, List<Member> members) {
    DeviceModel cause =
        members.stream()
            .map(Member::model)
            .max(Comparator.comparingDouble(model -> model.largest(tensor)))
            .orElseThrow();
    FiniteDoor.requireResult(
        anchor.tensors().get(tensor), sum.get(tensor), cause.model(), cause.largest(tensor));
  }

  private void addTasks(
      int tensor,
      Span target,
      Optional<Span> soFar,
      List<Member> members,
      List<AverageTask> tasks) {
    List<Slab> slabs = anchor.tensors().get(tensor).slabs();
    long offset = 0;
    for (int s = 0; s < slabs.size(); s++) {
      int length = slabs.get(s).length();
      List<Source> sources = new ArrayList<>();
      if (soFar.isPresent()) {
        Span part = new Span(soFar.get().buffer(), soFar.get().offset() + offset, length);
        sources.add(new Source(part, 1, AxisMaps.identity(slabs.get(s))));
      }
      for (Member member : members) {
        Slab slab = member.model.architecture().tensors().get(tensor).slabs().get(s);
        sources.add(
            new Source(
                member.model.slab(tensor, s),
                (float) member.weight,
                AxisMaps.of(slab, member.maps)));
      }
      tasks.add(
          new AverageTask(new Span(target.buffer(), target.offset() + offset, length), sources));
      offset += length;
    }
  }
}
