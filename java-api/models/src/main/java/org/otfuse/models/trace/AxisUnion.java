package org.otfuse.models.trace;

import java.util.List;
import org.otfuse.models.trace.SymbolicAxis.Segment;

/**
 * Makes two axes of one length index the same neurons, as an addition does. Where their segments
 * end at different indices, atoms are split; where neurons meet plain indices or blocks of another
 * size, they are pinned.
 */
final class AxisUnion {
  private final SymbolicAxis first;
  private final SymbolicAxis second;
  private final String reason;
  private boolean pinned;

  private AxisUnion(SymbolicAxis first, SymbolicAxis second, String reason) {
    this.first = first;
    this.second = second;
    this.reason = reason;
  }

  /**
   * Unites the axes.
   *
   * @param first an axis
   * @param second another of the same length
   * @param reason why neurons stay that meet something else than neurons
   * @return whether neurons were pinned that could still move before
   */
  static boolean unite(SymbolicAxis first, SymbolicAxis second, String reason) {
    if (first == second) {
      return false;
    }
    AxisUnion union = new AxisUnion(first, second, reason);
    union.run();
    return union.pinned;
  }

  private void run() {
    Cursor a = new Cursor(first);
    Cursor b = new Cursor(second);
    while (a.hasNext() && b.hasNext()) {
      Segment s = a.segment();
      Segment t = b.segment();
      long step = Math.min(s.size() - a.inside, t.size() - b.inside);
      if (!s.isPlain() && !t.isPlain()) {
        if (a.inside > 0 || b.inside > 0 || s.block() != t.block()) {
          pin(s);
          pin(t);
        } else if (s.size() == t.size()) {
          s.atom().unite(t.atom());
        } else {
          (s.size() > step ? s : t).atom().split((int) (step / s.block()));
          continue;
        }
      } else if (splits(a, s, step) || splits(b, t, step)) {
        continue;
      } else {
        pin(s);
        pin(t);
      }
      a.advance(step);
      b.advance(step);
    }
  }

  /** Splits off the neurons that lie against plain indices, so that the others stay free. */
  private static boolean splits(Cursor cursor, Segment s, long step) {
    boolean splits =
        !s.isPlain()
            && s.atom().pinned().isEmpty()
            && cursor.inside == 0
            && step < s.size()
            && step % s.block() == 0;
    if (splits) {
      s.atom().split((int) (step / s.block()));
    }
    return splits;
  }

  private void pin(Segment s) {
    pinned |= !s.isPlain() && s.atom().pin(reason);
  }

  /** A place on an axis that stays the same place when atoms are split or merged. */
  private static final class Cursor {
    private final SymbolicAxis axis;
    private List<Segment> segments;
    private int index;
    private long start;
    private long inside;

    Cursor(SymbolicAxis axis) {
      this.axis = axis;
      this.segments = axis.segments();
    }

    boolean hasNext() {
      return start + inside < axis.size();
    }

    Segment segment() {
      Segment segment = segments.get(index);
      if (!segment.isPlain() && !segment.atom().isLeaf()) {
        long place = start + inside;
        segments = axis.segments();
        index = 0;
        start = 0;
        inside = 0;
        advance(place);
      }
      return segments.get(index);
    }

    void advance(long step) {
      inside += step;
      while (index < segments.size() && inside >= segments.get(index).size()) {
        inside -= segments.get(index).size();
        start += segments.get(index).size();
        index++;
      }
    }
  }
}
