package org.otfuse.models.closedform;

/** Evenly spaced positions of what neurons compute, the same for every model. */
final class Positions {
  private Positions() {}

  /**
   * The positions of a chunk that count.
   *
   * @param rows positions of the chunk
   * @param chunk index of the chunk
   * @param chunks how many there are, of about as many positions each
   * @param most how many positions of all chunks shall count at most
   */
  static int[] of(int rows, int chunk, int chunks, int most) {
    int share = Math.max(1, most / chunks);
    int count = Math.min(rows, share);
    int[] picked = new int[count];
    for (int p = 0; p < count; p++) {
      picked[p] = (int) (((long) p * rows + (long) chunk * rows / chunks % rows) / count) % rows;
    }
    return picked;
  }
}
