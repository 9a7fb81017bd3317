package org.otfuse.spi;

/**
 * How a back end is opened.
 *
 * @param threads worker threads of a back end on the CPU; 1 to {@link #MOST_THREADS}
 */
public record BackendSettings(int threads) {
  /** More threads than this are refused. */
  public static final int MOST_THREADS = 1024;

  /** One thread a core. */
  public static final BackendSettings DEFAULTS =
      new BackendSettings(Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors()));

  /** Checks the range. */
  public BackendSettings {
    if (threads < 1 || threads > MOST_THREADS) {
      throw new IllegalArgumentException(
          "threads is " + threads + ", expected 1 to " + MOST_THREADS);
    }
  }
}
