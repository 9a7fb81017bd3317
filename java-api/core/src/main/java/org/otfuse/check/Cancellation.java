package org.otfuse.check;

import org.otfuse.FusionCancelledException;
import org.otfuse.Progress;

/** Asks between pieces of work whether a call is to go on. */
public final class Cancellation {
  private Cancellation() {}

  /** Ends the call if its listener says so or its thread was interrupted, which it stays. */
  public static void check(Progress progress) {
    if (Thread.currentThread().isInterrupted()) {
      throw new FusionCancelledException(
          "The call was stopped because its thread was interrupted.");
    }
    if (progress.cancelled()) {
      throw new FusionCancelledException("The call was stopped by its listener.");
    }
  }
}
