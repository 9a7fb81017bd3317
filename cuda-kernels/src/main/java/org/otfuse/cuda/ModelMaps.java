package org.otfuse.cuda;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.otfuse.InputMap;
import org.otfuse.MarginalKind;
import org.otfuse.Solver;
import org.otfuse.cuda.SoftAxes.Segment;
import org.otfuse.spi.FusionProgram;
import org.otfuse.spi.FusionProgram.Axis;
import org.otfuse.spi.FusionProgram.Part;

/**
 * The maps of one model of a fusion, one a group, and the axes that they move. A permutation lies
 * in memory as the source of each neuron, with the gather indices of every axis that it moves; a
 * soft map as P and Q with the potentials that they came from.
 */
final class ModelMaps {
  private final FusionProgram program;
  private final Scratch scratch;
  private final Map<Integer, Group> groups = new HashMap<>();
  private final Map<List<Moved>, Long> gathers = new HashMap<>();
  private final List<Entry> entries = new ArrayList<>();

  /** The map of a group of n neurons; permutation or soft map, by address. */
  record Group(int n, long source, long p, long q, long f, long g) {}

  /** A segment and whether a map moves it. */
  private record Moved(FusionProgram.Segment segment, boolean moved) {}

  /** Gather indices that a group's permutation decides; group -1 for those that stay. */
  private record Entry(int group, IndexBatch.Task task) {}

  /** A tensor on its way through the maps. */
  record Tensor(long values, List<SoftAxes.Axis> soft, List<DeviceAxis> gathers) {}

  ModelMaps(FusionProgram program, Scratch scratch) {
    this.program = program;
    this.scratch = scratch;
  }

  /** Whether a program's maps are permutations. */
  static boolean permutations(FusionProgram program) {
    return program.solver() == Solver.EXACT && program.marginals() == MarginalKind.UNIFORM;
  }

  /** Makes room for a group's map; axes described from now on are moved by it. */
  Group add(int group) {
    int n = program.groupSizes().get(group);
    long square = (long) n * n;
    Group map =
        permutations(program)
            ? new Group(n, scratch.ints(n), 0, 0, 0, 0)
            : new Group(
                n,
                0,
                scratch.floats(square),
                scratch.floats(square),
                scratch.floats(n),
                scratch.floats(n));
    groups.put(group, map);
    return map;
  }

  /**
   * A part of the model under the maps that there are so far.
   *
   * @param kept an axis that stays, or -1
   */
  Tensor tensor(long model, Part part, int kept) {
    List<SoftAxes.Axis> soft = new ArrayList<>();
    List<DeviceAxis> hard = new ArrayList<>();
    for (int a = 0; a < part.axes().size(); a++) {
      Axis axis = part.axes().get(a);
      int size = size(axis);
      boolean moves = a != kept && axis.segments().stream().anyMatch(this::moves);
      boolean gathered = moves && permutations(program);
      hard.add(new DeviceAxis(gathered ? gather(axis) : 0, size, size));
      soft.add(
          moves && !gathered
              ? new SoftAxes.Axis(axis.segments().stream().map(s -> soft(axis, s)).toList())
              : new SoftAxes.Axis(List.of(new Segment(0, size, size, 1))));
    }
    return new Tensor(Address.after(model, part.offset()), soft, hard);
  }

  /** A part of a model that nothing moves. */
  static Tensor still(long model, Part part) {
    List<SoftAxes.Axis> soft = new ArrayList<>();
    List<DeviceAxis> hard = new ArrayList<>();
    for (Axis axis : part.axes()) {
      hard.add(DeviceAxis.identity(size(axis)));
      soft.add(new SoftAxes.Axis(List.of(new Segment(0, size(axis), size(axis), 1))));
    }
    return new Tensor(Address.after(model, part.offset()), soft, hard);
  }

  static int size(Axis axis) {
    return axis.segments().stream().mapToInt(FusionProgram.Segment::size).reduce(0, Math::addExact);
  }

  static long length(Part part) {
    return part.axes().stream().mapToLong(ModelMaps::size).reduce(1, Math::multiplyExact);
  }

  private boolean moves(FusionProgram.Segment segment) {
    return groups.containsKey(segment.group());
  }

  private Segment soft(Axis axis, FusionProgram.Segment segment) {
    Group group = groups.get(segment.group());
    if (group == null) {
      return new Segment(0, segment.size(), segment.size(), 1);
    }
    boolean rows = axis.input() && program.inputMap() != InputMap.COLUMN;
    return new Segment(rows ? group.q : group.p, group.n, group.n, segment.block());
  }

  private long gather(Axis axis) {
    List<Moved> key = axis.segments().stream().map(s -> new Moved(s, moves(s))).toList();
    return gathers.computeIfAbsent(key, this::layOut);
  }

  private long layOut(List<Moved> segments) {
    long indices = scratch.ints(segments.stream().mapToInt(s -> s.segment.size()).sum());
    int first = 0;
    for (Moved m : segments) {
      FusionProgram.Segment s = m.segment;
      long source = m.moved ? groups.get(s.group()).source : 0;
      int block = m.moved ? s.block() : 1;
      entries.add(
          new Entry(
              m.moved ? s.group() : -1,
              new IndexBatch.Task(source, indices, s.size() / block, block, first, first)));
      first += s.size();
    }
    return indices;
  }

  /**
   * Fills in the indices that a group's permutation decides, or with -1 those that stay; to be
   * asked for when all axes are described.
   */
  List<Work> indices(int group) {
    List<IndexBatch.Task> tasks =
        entries.stream().filter(e -> e.group == group).map(Entry::task).toList();
    return tasks.isEmpty() ? List.of() : List.of(new IndexBatch(scratch, tasks));
  }
}
