package org.otfuse.spi;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Refuses batches in which one task writes what another one, or it itself, also reads or writes.
 * Takes O(k log k) for k runs. Back ends ask before they begin.
 */
public final class Batches {
  private Batches() {}

  /**
   * Checks that every target of a batch lies apart from all else in the same buffer. Feature tasks
   * may share a target matrix where they fill different columns of it.
   *
   * @param tasks a ragged batch
   * @throws IllegalArgumentException if a target overlaps a source or another target
   */
  public static void requireDisjoint(List<? extends Task> tasks) {
    requireApart(tasks, List.of());
  }

  /**
   * The same for transport that starts from column potentials, which are read too.
   *
   * @param tasks a ragged batch
   * @param columnPotentials one run [m] for each task
   * @throws IllegalArgumentException if their number or a length does not fit the tasks, or a
   *     target overlaps a source, a potential or another target
   */
  public static void requireDisjoint(List<ExactTask> tasks, List<Span> columnPotentials) {
    requirePotentials(tasks.stream().map(ExactTask::cost).toList(), columnPotentials);
    requireApart(tasks, columnPotentials);
  }

  /** Checks tasks that also read one run of potentials each, where there are any. */
  private static void requireApart(List<? extends Task> tasks, List<Span> potentials) {
    Map<DeviceBuffer, List<Run>> runs = new IdentityHashMap<>();
    Map<Matrix, List<Run>> shared = new HashMap<>();
    for (int t = 0; t < tasks.size(); t++) {
      Task task = tasks.get(t);
      for (Span span : task.reads()) {
        add(runs, t, span, false);
      }
      if (!potentials.isEmpty()) {
        add(runs, t, potentials.get(t), false);
      }
      if (task instanceof FeatureTask feature) {
        if (!shared.containsKey(feature.target())) {
          shared.put(feature.target(), new ArrayList<>());
          add(runs, t, feature.target().span(), true);
        }
        List<Run> columns = shared.get(feature.target());
        long first = feature.firstColumn();
        if (feature.columns() > 0) {
          columns.add(new Run(t, first, first + feature.columns(), true));
        }
      } else {
        for (Span span : task.writes()) {
          add(runs, t, span, true);
        }
      }
    }
    shared.values().forEach(columns -> requireDisjoint(columns, "columns of a matrix"));
    runs.values().forEach(floats -> requireDisjoint(floats, "floats of a buffer"));
  }

  /** Part of a buffer or some columns of a matrix, from first to last, which is not in it. */
  private record Run(int task, long first, long last, boolean written) {}

  /**
   * Refuses column potentials that are not one run for each problem, of its columns.
   *
   * @param costs one matrix [n,m] a problem
   * @param potentials one run [m] for each
   * @throws IllegalArgumentException if their number or a length differs
   */
  public static void requirePotentials(List<Matrix> costs, List<Span> potentials) {
    if (potentials.size() != costs.size()) {
      throw new IllegalArgumentException(
          "potentials of %d problems were given for %d".formatted(potentials.size(), costs.size()));
    }
    for (int k = 0; k < costs.size(); k++) {
      if (potentials.get(k).length() != costs.get(k).columns()) {
        throw new IllegalArgumentException(
            "%d potentials were given for problem %d, expected %d"
                .formatted(potentials.get(k).length(), k, costs.get(k).columns()));
      }
    }
  }

  private static void add(Map<DeviceBuffer, List<Run>> runs, int task, Span span, boolean written) {
    if (span.length() > 0) {
      runs.computeIfAbsent(span.buffer(), buffer -> new ArrayList<>())
          .add(new Run(task, span.offset(), span.offset() + span.length(), written));
    }
  }

  private static void requireDisjoint(List<Run> runs, String what) {
    runs.sort(Comparator.comparingLong(Run::first));
    Run written = null; // of those before, the written one and the one that reach furthest
    Run any = null;
    for (Run run : runs) {
      Run before = run.written ? any : written;
      if (before != null && before.last > run.first) {
        throw new IllegalArgumentException(
            "task %d %s %d to %d of the %s of which task %d %s %d to %d, expected targets apart from all else"
                .formatted(
                    run.task,
                    run.written ? "writes" : "reads",
                    run.first,
                    run.last - 1,
                    what,
                    before.task,
                    before.written ? "writes" : "reads",
                    before.first,
                    before.last - 1));
      }
      any = further(any, run);
      written = run.written ? further(written, run) : written;
    }
  }

  private static Run further(Run before, Run run) {
    return before == null || run.last > before.last ? run : before;
  }
}
