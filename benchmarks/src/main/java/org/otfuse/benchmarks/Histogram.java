package org.otfuse.benchmarks;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** How often each duration was seen. */
final class Histogram {
  private final SortedMap<Double, Long> counts = new TreeMap<>();
  private long total;

  void add(double value, long count) {
    counts.merge(value, count, Long::sum);
    total += count;
  }

  void addAll(Histogram other) {
    other.counts.forEach(this::add);
  }

  boolean isEmpty() {
    return total == 0;
  }

  /** The smallest value that at least this share of all is not above; there is one at least. */
  double quantile(double share) {
    long seen = 0;
    for (Map.Entry<Double, Long> entry : counts.entrySet()) {
      seen += entry.getValue();
      if (seen >= share * total) {
        return entry.getKey();
      }
    }
    return counts.lastKey();
  }
}
