package org.otfuse.models.trace;

import org.otfuse.UnsupportedModelException;
import org.otfuse.models.file.Excerpt;
import org.otfuse.models.file.Limits;

/**
 * Counts what tracing one graph takes, so that a small file cannot ask for endless work or memory.
 * The limits are those of {@link Limits}.
 */
public final class TracingBudget {
  private final String file;
  private long steps;
  private long segments;
  private long integers;

  TracingBudget(String file) {
    this.file = file;
  }

  /** Counts things that are looked at. */
  void look(long count) {
    steps += count;
    if (steps > Limits.STEPS || steps < 0) {
      throw refuse(steps, "steps to be traced", Limits.STEPS);
    }
  }

  /** Counts segments of an axis that is about to be made. */
  void makeSegments(long count) {
    look(count);
    segments += count;
    if (segments > Limits.SEGMENTS) {
      throw refuse(segments, "segments of axes to be traced", Limits.SEGMENTS);
    }
  }

  /** Counts integers that shape arithmetic has computed. */
  void keepIntegers(long count) {
    look(count);
    integers += count;
    if (integers > Limits.FOLDED) {
      throw refuse(integers, "integers in its shape arithmetic", Limits.FOLDED);
    }
  }

  /** Refuses values of more axes than are followed. */
  void checkRank(String value, int rank) {
    look(rank);
    if (rank > Limits.RANK) {
      throw new UnsupportedModelException(
          "value %s of %s has %d axes, expected at most %d"
              .formatted(Excerpt.of(value), file, rank, Limits.RANK));
    }
  }

  private UnsupportedModelException refuse(long found, String what, long allowed) {
    return new UnsupportedModelException(
        "%s needs at least %d %s, expected at most %d".formatted(file, found, what, allowed));
  }

  public long steps() {
    return steps;
  }

  public long segments() {
    return segments;
  }

  public long integers() {
    return integers;
  }
}
