package org.otfuse;

import java.time.Duration;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * Hears how far a fusion has come and how the neurons of each group were coupled, and may stop it.
 * Every method is called on the thread that fuses and does nothing unless overridden.
 */
public interface FusionListener extends Progress {
  /**
   * Called after each alignment of a model, and after the average.
   *
   * @param done steps done so far, from 1 to {@code total}
   * @param total steps in all
   */
  @Override
  default void step(int done, int total) {}

  /**
   * Called when a group has been coupled, and again if coordinate descent moves it later: the last
   * call for a model and a group counts. Groups that nothing couples are not told of, nor are
   * alignments that only serve to choose the anchor.
   *
   * @param report how the group was aligned
   * @param coupling brings the coupling and its costs from the device, for the listener to keep;
   *     works until this method returns, and where it is not asked they stay on the device
   */
  default void coupled(GroupReport report, Supplier<Coupling> coupling) {}

  /**
   * A listener that hears nothing.
   *
   * @return a listener that does nothing
   */
  static FusionListener none() {
    return new FusionListener() {};
  }

  /**
   * A listener that passes steps on.
   *
   * @param progress hears the steps and may stop
   * @return a listener that leaves couplings on the device
   */
  static FusionListener of(Progress progress) {
    Objects.requireNonNull(progress, "progress");
    return new FusionListener() {
      @Override
      public void step(int done, int total) {
        progress.step(done, total);
      }

      @Override
      public boolean cancelled() {
        return progress.cancelled();
      }
    };
  }

  /**
   * A listener that stops a call when a time is over, for example {@code
   * FusionListener.deadline(Duration.ofSeconds(5)).and(other)}.
   *
   * @param time from now on; nothing or less stops at once
   * @return a listener that hears nothing else; its clock cannot be set
   */
  static FusionListener deadline(Duration time) {
    long start = System.nanoTime();
    return new FusionListener() {
      @Override
      public boolean cancelled() {
        return Duration.ofNanos(System.nanoTime() - start).compareTo(time) >= 0;
      }
    };
  }

  /**
   * Two listeners as one.
   *
   * @param other hears everything after this one does
   * @return a listener that stops when either of them does
   */
  default FusionListener and(FusionListener other) {
    return new ListenerPair(this, Objects.requireNonNull(other, "other"));
  }
}
