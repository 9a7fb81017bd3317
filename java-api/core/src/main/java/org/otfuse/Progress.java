package org.otfuse;

/** Hears how far a long call has come, to show it to somebody, and may stop it. */
@FunctionalInterface
public interface Progress {
  /**
   * Called after each step, on the thread that does the work.
   *
   * @param done steps done so far, from 1 to {@code total}
   * @param total steps in all
   */
  void step(int done, int total);

  /**
   * Asked between pieces of work, on the thread that does it. A call of an engine that is told so
   * ends with {@link FusionCancelledException}.
   *
   * @return whether to stop; false unless overridden
   */
  default boolean cancelled() {
    return false;
  }

  /**
   * For callers who don't want to hear.
   *
   * @return a progress that does nothing
   */
  static Progress none() {
    return (done, total) -> {};
  }
}
