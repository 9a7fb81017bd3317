package org.otfuse.models;

import java.io.IOException;
import java.util.function.LongPredicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every parser against its known attacks and a few thousand inputs made from them, the same ones
 * each time; with {@code -Dfuzz.seconds=S} other ones, for so many seconds each, or those of {@code
 * -Dfuzz.seed=N}.
 */
@Tag("long")
class FuzzTest {
  private static final int EXECUTIONS = 3000;

  static Stream<FuzzTarget> targets() {
    return Stream.of(new OnnxFuzz(), new NpzFuzz(), new NpyFuzz(), new AccumulatorFuzz());
  }

  @ParameterizedTest
  @MethodSource("targets")
  void nothingButDocumentedExceptionsLeavesAParser(FuzzTarget target) throws IOException {
    long seconds = Long.getLong("fuzz.seconds", 0);
    long end = System.nanoTime() + seconds * 1_000_000_000;
    long seed = Long.getLong("fuzz.seed", seconds > 0 ? System.nanoTime() : 1);
    LongPredicate goOn =
        seconds > 0 ? done -> System.nanoTime() < end : executions -> executions < EXECUTIONS;
    String done = new FuzzLoop(target, seed).run(goOn);
    System.out.println(target.getClass().getSimpleName() + " with seed " + seed + ": " + done);
  }
}
