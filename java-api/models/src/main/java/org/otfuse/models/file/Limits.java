package org.otfuse.models.file;

/**
 * What a file may ask of its reader. A file's own bytes bound what is read of them; these constants
 * bound what can be made of few bytes. Each is far more than networks need: in brackets the most
 * that {@code LimitsTest} measures over the bundled ones and a generated DenseNet201, ResNeXt101
 * and a chain of 10,000 nodes.
 */
public final class Limits {
  /** Axes of a tensor or of a value [4]. */
  public static final int RANK = 1024;

  /**
   * Integers of one tensor that are followed, a shape or the indices of a part; others are data.
   */
  public static final int INTEGERS = 4096;

  /** Integers that shape arithmetic computes in one graph, 8 MiB of them [205]. */
  public static final long FOLDED = 1 << 20;

  /** Segments of all axes that tracing one graph makes, some 75 MiB of them [38,000]. */
  public static final long SEGMENTS = 1 << 21;

  /**
   * Nodes, axes, segments and integers that tracing one graph looks at, about half a second's work
   * [196,000].
   */
  public static final long STEPS = 20_000_000;

  /**
   * How often, on average, tensors may read the bytes of external data; exporters share equal ones.
   */
  public static final int EXTERNAL_READS = 4;

  /** How many times as large as its packed bytes an array may be without a count beforehand. */
  public static final int TRUSTED_RATIO = 16;

  /** Names that a message lists. */
  public static final int NAMES = 10;

  private Limits() {}
}
