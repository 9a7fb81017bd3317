package org.otfuse.models.runtime;

/**
 * Which of all (sample, position) pairs become features when there are more than the budget. The
 * pairs, in order, are cut into as many equal stretches as the budget allows, and each stretch
 * gives one pair at a place that looks random but depends on nothing except its index. So every
 * sample has its share, no row or column of an image is left out by a step that divides its width,
 * and models of one architecture get the same pairs.
 *
 * @param total all pairs: samples times positions
 * @param count how many are taken
 */
public record FeaturePositions(long total, int count) {
  public static FeaturePositions of(long samples, int positions, int budget) {
    long total = Math.multiplyExact(samples, positions);
    return new FeaturePositions(total, (int) Math.min(total, budget));
  }

  /** The pair that becomes a feature: sample * positions + position; grows with the feature. */
  public long at(int feature) {
    long start = start(feature);
    long length = start(feature + 1) - start;
    return start + Long.remainderUnsigned(mix(feature), length);
  }

  /** The first feature whose pair is at or after the given one. */
  public int firstFrom(long pair) {
    int feature = (int) Math.min(count, Math.max(0, stretch(pair)));
    while (feature < count && at(feature) < pair) {
      feature++;
    }
    return feature;
  }

  /** The stretch in which a pair lies, or one before. */
  private long stretch(long pair) {
    return (long) ((double) pair / total * count) - 1;
  }

  private long start(int feature) {
    long whole = total / count;
    long rest = total % count;
    return feature * whole + feature * rest / count;
  }

  /** The finalizer of SplitMix64 (Steele, Lea and Flood, 2014). */
  private static long mix(long value) {
    long z = (value + 1) * 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
