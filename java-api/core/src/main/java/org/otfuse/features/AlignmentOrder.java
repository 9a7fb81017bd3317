package org.otfuse.features;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import org.otfuse.Architecture;
import org.otfuse.NeuronGroup;
import org.otfuse.Producer;
import org.otfuse.TensorLayout.Axis;
import org.otfuse.TensorLayout.Role;
import org.otfuse.TensorLayout.Segment;
import org.otfuse.TensorLayout.Slab;

/**
 * The order in which groups are aligned by their weights, and which producers take part.
 *
 * <p>A producer's rows can be compared once the groups that it reads have been mapped. Groups whose
 * producers are all ready come first; where a cycle leaves none (a residual stream is read by the
 * blocks that add to it), the topologically first group with a ready producer goes ahead without
 * the producers that wait for it. Linear in the number of producers but for a queue.
 */
public final class AlignmentOrder {
  /**
   * One group and the producers that describe it.
   *
   * @param group index of the group
   * @param producers indices of its producers whose input groups are mapped before
   */
  public record Step(int group, List<Integer> producers) {}

  private final Architecture architecture;
  private final int[] waiting; // producers of a group that are not ready
  private final int[] ready;
  private final boolean[] mapped;
  private final List<List<Reader>> readers = new ArrayList<>();
  private final PriorityQueue<Integer> complete = new PriorityQueue<>();
  private final PriorityQueue<Integer> partial = new PriorityQueue<>();
  private final List<List<Integer>> usable = new ArrayList<>();

  private AlignmentOrder(Architecture architecture) {
    this.architecture = architecture;
    int groups = architecture.groups().size();
    this.waiting = new int[groups];
    this.ready = new int[groups];
    this.mapped = new boolean[groups];
    for (int g = 0; g < groups; g++) {
      readers.add(new ArrayList<>());
      usable.add(new ArrayList<>());
    }
  }

  /** The steps for all groups that may move; groups without any usable producer are left out. */
  public static List<Step> of(Architecture architecture) {
    return new AlignmentOrder(architecture).steps();
  }

  /** A producer that waits for its input groups. */
  private static final class Reader {
    private final int group;
    private final int producer;
    private int missing;

    Reader(int group, int producer) {
      this.group = group;
      this.producer = producer;
    }
  }

  private List<Step> steps() {
    register();
    List<Step> steps = new ArrayList<>();
    while (true) {
      Integer g = next(complete);
      if (g == null) {
        g = next(partial);
      }
      if (g == null) {
        return steps;
      }
      steps.add(new Step(g, usable.get(g).stream().sorted().toList()));
      map(g);
    }
  }

  private Integer next(PriorityQueue<Integer> queue) {
    while (!queue.isEmpty()) {
      int g = queue.poll();
      if (!mapped[g]) {
        return g;
      }
    }
    return null;
  }

  private void register() {
    List<NeuronGroup> groups = architecture.groups();
    for (int g = 0; g < groups.size(); g++) {
      mapped[g] = groups.get(g).pinned().isPresent();
      waiting[g] = groups.get(g).producers().size();
    }
    for (int g = 0; g < groups.size(); g++) {
      if (mapped[g]) {
        continue;
      }
      for (int p = 0; p < groups.get(g).producers().size(); p++) {
        Reader reader = new Reader(g, p);
        for (int input : inputs(groups.get(g).producers().get(p))) {
          if (!mapped[input]) {
            reader.missing++;
            readers.get(input).add(reader);
          }
        }
        if (reader.missing == 0) {
          arrive(reader);
        }
      }
    }
  }

  private List<Integer> inputs(Producer producer) {
    Slab slab = architecture.tensors().get(producer.weight()).slabs().get(producer.slab());
    List<Integer> inputs = new ArrayList<>();
    for (Axis axis : slab.axes()) {
      if (axis.role() == Role.INPUT) {
        for (Segment segment : axis.segments()) {
          if (segment.group() != Segment.PLAIN) {
            inputs.add(segment.group());
          }
        }
      }
    }
    return inputs.stream().distinct().toList();
  }

  private void arrive(Reader reader) {
    int g = reader.group;
    if (mapped[g]) {
      return;
    }
    usable.get(g).add(reader.producer);
    ready[g]++;
    if (ready[g] == 1) {
      partial.add(g);
    }
    if (ready[g] == waiting[g]) {
      complete.add(g);
    }
  }

  private void map(int group) {
    mapped[group] = true;
    for (Reader reader : readers.get(group)) {
      if (--reader.missing == 0) {
        arrive(reader);
      }
    }
  }
}
