package org.otfuse.cuda;

import java.util.ArrayList;
import java.util.List;

/**
 * Whether a prepared fusion may go on with what it finds: weights and masses that are finite, and
 * in each group features whose squares float holds. Scans are added in the order in which they run.
 */
final class Magnitudes {
  private static final float LARGEST = 0x1p50f;
  private static final float SMALLEST = 0x1p-50f;

  private final Scratch scratch;
  private final long reports;
  private final int room;
  private final List<Kind> kinds = new ArrayList<>();

  /** What a report is about; the features of a group are two after each other. */
  private enum Kind {
    FINITE,
    FEATURES
  }

  /** Makes room for so many reports. */
  Magnitudes(Scratch scratch, int room) {
    this.scratch = scratch;
    this.room = room;
    reports = scratch.bytes(room * ScanBatch.reportBytes());
  }

  /** A scan of values that have to be finite and, where they are masses, large enough. */
  Work finite(List<ScanBatch.Task> tasks) {
    return scan(tasks, Kind.FINITE);
  }

  /** A scan of the features of a group in the model and in the anchor. */
  Work features(long x, long y, long length) {
    return scan(
        List.of(ScanBatch.Task.finite(x, length), ScanBatch.Task.finite(y, length)), Kind.FEATURES);
  }

  private Work scan(List<ScanBatch.Task> tasks, Kind kind) {
    if (kinds.size() + tasks.size() > room) {
      throw new IllegalStateException("more scans than there is room for");
    }
    long target = reports + kinds.size() * ScanBatch.reportBytes();
    tasks.forEach(task -> kinds.add(kind));
    return new ScanBatch(scratch, tasks, target);
  }

  /** How many reports the scans so far write. */
  int count() {
    return kinds.size();
  }

  /** Whether the first so many reports of this run allow to go on; waits for the stream. */
  boolean good(int count) {
    List<ScanBatch.Found> found = ScanBatch.read(scratch.engine(), reports, count);
    for (int t = 0; t < count; t++) {
      if (found.get(t).rest() > 0) {
        return false;
      }
      if (kinds.get(t) == Kind.FEATURES) {
        float largest = Math.max(found.get(t).largest(), found.get(++t).largest());
        if (found.get(t).rest() > 0 || !(largest == 0 || inside(largest))) {
          return false;
        }
      }
    }
    return true;
  }

  private static boolean inside(float largest) {
    return largest >= SMALLEST && largest <= LARGEST;
  }
}
