package org.otfuse.spi;

import java.util.Objects;
import java.util.function.Supplier;

/**
 * Keeps something open for the calls that use it. Closing refuses new calls at once and returns;
 * what is kept is freed when the last running call has ended, by the thread that ended it. So
 * closing never waits, may happen within a call, and pulls nothing away from under one.
 * Thread-safe.
 */
public final class Lifetime implements AutoCloseable {
  private final String what;
  private final Runnable free;
  private int calls;
  private boolean closed;

  /**
   * Begins a life.
   *
   * @param what is kept, for messages, for example {@code "the engine"}
   * @param free frees it, called once
   */
  public Lifetime(String what, Runnable free) {
    this.what = Objects.requireNonNull(what, "what");
    this.free = Objects.requireNonNull(free, "free");
  }

  /**
   * Makes a call, during which nothing is freed.
   *
   * @param <T> the kind of result
   * @param body what the call does
   * @return its result
   * @throws IllegalStateException if it is closed
   */
  public <T> T call(Supplier<T> body) {
    begin();
    T result;
    try {
      result = body.get();
    } catch (RuntimeException | Error e) {
      end(e);
      throw e;
    }
    end();
    return result;
  }

  /**
   * Makes a call without a result.
   *
   * @param body what the call does
   * @throws IllegalStateException if it is closed
   */
  public void run(Runnable body) {
    begin();
    try {
      body.run();
    } catch (RuntimeException | Error e) {
      end(e);
      throw e;
    }
    end();
  }

  /**
   * Refuses what is closed.
   *
   * @throws IllegalStateException if it is closed
   */
  public synchronized void requireOpen() {
    if (closed) {
      throw new IllegalStateException(what + " is closed");
    }
  }

  private synchronized void begin() {
    requireOpen();
    calls++;
  }

  /** Ends a call that threw, which is what its caller hears of also if freeing throws too. */
  private void end(Throwable thrown) {
    try {
      end();
    } catch (RuntimeException | Error e) {
      thrown.addSuppressed(e);
    }
  }

  private void end() {
    boolean last;
    synchronized (this) {
      calls--;
      last = closed && calls == 0;
    }
    if (last) {
      free.run();
    }
  }

  /** Refuses new calls; closing again is harmless. */
  @Override
  public void close() {
    boolean last;
    synchronized (this) {
      last = !closed && calls == 0;
      closed = true;
    }
    if (last) {
      free.run();
    }
  }
}
