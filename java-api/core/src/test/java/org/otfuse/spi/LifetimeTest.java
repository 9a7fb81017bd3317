package org.otfuse.spi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

/** What a caller hears of when the last call of something closed ends. */
class LifetimeTest {
  private final RuntimeException freeing = new RuntimeException("freeing failed");
  private final Error failure = new AssertionError("the body failed");

  private Lifetime life() {
    return new Lifetime(
        "the engine",
        () -> {
          throw freeing;
        });
  }

  @Test
  void aFailureOfTheBodyIsNotHiddenByOneOfFreeing() {
    Lifetime first = life();
    Lifetime second = life();
    assertSame(failure, assertThrows(Error.class, () -> first.run(() -> fail(first))));
    assertSame(failure, assertThrows(Error.class, () -> second.call(() -> fail(second))));
    assertArrayEquals(new Throwable[] {freeing, freeing}, failure.getSuppressed());
  }

  private int fail(Lifetime life) {
    life.close();
    throw failure;
  }

  @Test
  void aFailureOfFreeingAloneIsTold() {
    Lifetime life = life();
    assertSame(freeing, assertThrows(RuntimeException.class, () -> life.run(life::close)));
  }
}
