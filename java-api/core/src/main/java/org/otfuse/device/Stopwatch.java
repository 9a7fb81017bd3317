package org.otfuse.device;

import java.util.function.Supplier;
import org.otfuse.StageSeconds;

/** Adds up where the time of a fusion goes. Not thread-safe. */
public final class Stopwatch {
  /** The stages that are told apart. */
  public enum Stage {
    FEATURES,
    COST,
    SOLVE,
    AVERAGE
  }

  private final long[] nanos = new long[Stage.values().length];

  public void time(Stage stage, Runnable work) {
    time(
        stage,
        () -> {
          work.run();
          return stage;
        });
  }

  public <T> T time(Stage stage, Supplier<T> work) {
    long start = System.nanoTime();
    try {
      return work.get();
    } finally {
      nanos[stage.ordinal()] += System.nanoTime() - start;
    }
  }

  double seconds(Stage stage) {
    return nanos[stage.ordinal()] / 1e9;
  }

  public StageSeconds stages() {
    return new StageSeconds(
        seconds(Stage.FEATURES), seconds(Stage.COST), seconds(Stage.SOLVE), seconds(Stage.AVERAGE));
  }
}
