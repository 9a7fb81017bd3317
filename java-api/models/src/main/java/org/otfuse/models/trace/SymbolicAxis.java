package org.otfuse.models.trace;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * What the indices of an axis of an activation stand for: segments of neurons, each neuron with a
 * block of consecutive indices, and segments of plain indices. The list is brought up to date with
 * the atoms each time it is asked for, otherwise an axis never changes.
 */
public final class SymbolicAxis {
  /** Beyond this many segments an axis is not worth following. */
  private static final int MAX_SEGMENTS = 1 << 14;

  /**
   * Part of an axis.
   *
   * @param atom whose neurons, or null for plain indices
   * @param block indices of each neuron, 1 for plain indices
   * @param size indices in all
   */
  record Segment(Atom atom, long block, long size) {
    boolean isPlain() {
      return atom == null;
    }

    private Segment inner(long factor) {
      return new Segment(atom, isPlain() ? 1 : block * factor, Math.multiplyExact(size, factor));
    }
  }

  private final long size;
  private List<Segment> segments;

  private SymbolicAxis(List<Segment> segments) {
    budget(segments).ifPresent(budget -> budget.makeSegments(segments.size()));
    this.segments = mergePlain(segments);
    long total = 0;
    for (Segment segment : segments) {
      total = Math.addExact(total, segment.size);
    }
    this.size = total;
  }

  /** What the work on the segments is counted in; plain indices cost nothing. */
  private static Optional<TracingBudget> budget(List<Segment> segments) {
    for (Segment segment : segments) {
      if (!segment.isPlain()) {
        return Optional.of(segment.atom.budget());
      }
    }
    return Optional.empty();
  }

  /**
   * An axis that no neurons index.
   *
   * @throws IllegalArgumentException if the size is negative
   */
  static SymbolicAxis plain(long size) {
    if (size < 0) {
      throw new IllegalArgumentException("an axis has size " + size);
    }
    return new SymbolicAxis(List.of(new Segment(null, 1, size)));
  }

  static SymbolicAxis of(Atom atom) {
    return new SymbolicAxis(List.of(new Segment(atom, 1, atom.size())));
  }

  static SymbolicAxis concat(List<SymbolicAxis> axes) {
    List<Segment> all = new ArrayList<>();
    for (SymbolicAxis axis : axes) {
      List<Segment> own = axis.segments();
      budget(own).ifPresent(budget -> budget.makeSegments(own.size()));
      all.addAll(own);
    }
    return new SymbolicAxis(all);
  }

  private static List<Segment> mergePlain(List<Segment> segments) {
    List<Segment> merged = new ArrayList<>(segments.size());
    for (Segment s : segments) {
      Segment last = merged.isEmpty() ? null : merged.get(merged.size() - 1);
      if (last != null && s.isPlain() && last.isPlain()) {
        merged.set(merged.size() - 1, new Segment(null, 1, last.size + s.size));
      } else if (s.size > 0 || segments.size() == 1) {
        merged.add(s);
      }
    }
    return merged.isEmpty()
        ? List.of(new Segment(null, 1, 0))
        : Collections.unmodifiableList(merged);
  }

  public long size() {
    return size;
  }

  /** The segments in index order; every atom is a leaf. */
  List<Segment> segments() {
    budget(segments).ifPresent(budget -> budget.look(segments.size()));
    for (Segment segment : segments) {
      if (!segment.isPlain() && !segment.atom.isLeaf()) {
        segments = resolve();
        break;
      }
    }
    return segments;
  }

  private List<Segment> resolve() {
    List<Segment> resolved = new ArrayList<>();
    for (Segment s : segments) {
      if (s.isPlain()) {
        resolved.add(s);
      } else {
        s.atom.forEachLeaf(leaf -> resolved.add(new Segment(leaf, s.block, leaf.size() * s.block)));
      }
    }
    budget(resolved).ifPresent(budget -> budget.makeSegments(resolved.size()));
    return Collections.unmodifiableList(resolved);
  }

  public boolean isPlain() {
    return segments.size() == 1 && segments.get(0).isPlain();
  }

  /** The axis of which each index is followed by {@code factor} more refined ones. */
  SymbolicAxis inner(long factor) {
    return factor == 1
        ? this
        : new SymbolicAxis(segments().stream().map(s -> s.inner(factor)).toList());
  }

  /** Whether {@link #repeat} keeps the axis within bounds. */
  boolean canRepeat(long times) {
    return isPlain() || times <= MAX_SEGMENTS / segments().size();
  }

  /** The axis {@code times} over, one after the other. */
  SymbolicAxis repeat(long times) {
    if (isPlain()) {
      return plain(Math.multiplyExact(size, times));
    }
    List<Segment> all = new ArrayList<>();
    for (long i = 0; i < times; i++) {
      all.addAll(segments());
    }
    return new SymbolicAxis(all);
  }

  /**
   * Undoes {@code inner(factor)} and {@code repeat(times)}.
   *
   * @return the axis between, or this one if it is not of that form
   */
  SymbolicAxis unrepeat(long times, long factor) {
    List<Segment> list = segments();
    if (list.size() % times != 0) {
      return this;
    }
    int n = (int) (list.size() / times);
    List<Segment> result = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      Segment s = list.get(i);
      if (!s.equals(list.get(i % n)) || (s.isPlain() ? s.size : s.block) % factor != 0) {
        return this;
      }
      if (i < n) {
        result.add(new Segment(s.atom, s.isPlain() ? 1 : s.block / factor, s.size / factor));
      }
    }
    return new SymbolicAxis(result);
  }

  /** Whether the axis can be cut before the index without cutting through a neuron's block. */
  boolean canCut(long at) {
    long offset = 0;
    for (Segment s : segments()) {
      if (at < offset + s.size) {
        return s.isPlain() || (at - offset) % s.block == 0;
      }
      offset += s.size;
    }
    return true;
  }

  /** Indices {@code [from, to)}; splits atoms where it cuts them. */
  SymbolicAxis slice(long from, long to) {
    cut(from);
    cut(to);
    List<Segment> part = new ArrayList<>();
    long offset = 0;
    for (Segment s : segments()) {
      long begin = Math.max(from, offset);
      long end = Math.min(to, offset + s.size);
      if (begin < end) {
        part.add(new Segment(s.atom, s.block, end - begin));
      }
      offset += s.size;
    }
    return part.isEmpty() ? plain(0) : new SymbolicAxis(part);
  }

  /** Splits the atom, if any, that lies across an index. */
  private void cut(long at) {
    long offset = 0;
    for (Segment s : segments()) {
      if (at > offset && at < offset + s.size && !s.isPlain()) {
        s.atom.split((int) ((at - offset) / s.block));
        return;
      }
      offset += s.size;
    }
  }

  /**
   * Pins every neuron of the axis.
   *
   * @return whether any could still move before
   */
  boolean pin(String reason) {
    boolean any = false;
    for (Segment s : segments()) {
      any |= !s.isPlain() && s.atom.pin(reason);
    }
    return any;
  }
}
