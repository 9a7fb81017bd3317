package org.otfuse.models;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.LongPredicate;

/**
 * Feeds a target its seeds, the attacks, and then ever more inputs made from the seeds. An input
 * whose outcome is new becomes one to start from.
 */
final class FuzzLoop {
  private static final int MAX_POOL = 2000;
  private static final int MAX_BYTES = 1 << 14;

  private final FuzzTarget target;
  private final Random random;
  private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
  private final List<byte[]> pool = new ArrayList<>();
  private final Set<String> outcomes = new HashSet<>();
  private long executions;
  private long slowest;

  FuzzLoop(FuzzTarget target, long seed) {
    this.target = target;
    this.random = new Random(seed);
  }

  /**
   * Runs.
   *
   * @param goOn told the number of executions
   * @return what was done, in words
   */
  String run(LongPredicate goOn) throws IOException {
    for (byte[] seed : target.seeds()) {
      execute(seed);
      pool.add(seed);
    }
    for (byte[] attack : target.attacks()) {
      execute(attack);
    }
    slowest = 0;
    while (goOn.test(executions)) {
      byte[] input = pool.get(random.nextInt(pool.size()));
      int changes = 1 + random.nextInt(4);
      for (int i = 0; i < changes; i++) {
        input = target.mutate(input, pool.get(random.nextInt(pool.size())), random);
      }
      if (execute(input) && pool.size() < MAX_POOL && input.length <= MAX_BYTES) {
        pool.add(input);
      }
    }
    return "%d executions, %d outcomes, the slowest in %d ms of processor time"
        .formatted(executions, outcomes.size(), slowest / 1_000_000);
  }

  /** Whether the outcome is a new one. */
  private boolean execute(byte[] input) throws IOException {
    executions++;
    long start = threads.getCurrentThreadCpuTime();
    try {
      String outcome = target.run(input).replaceAll("[^a-z ]+", "#");
      return outcomes.add(outcome.substring(0, Math.min(200, outcome.length())));
    } catch (RuntimeException | Error e) {
      Path saved = Files.createTempFile("fuzz-failure", ".bin");
      Files.write(saved, input);
      throw new AssertionError(
          "%s fails on execution %d, its input is in %s"
              .formatted(target.getClass().getSimpleName(), executions, saved),
          e);
    } finally {
      slowest = Math.max(slowest, threads.getCurrentThreadCpuTime() - start);
    }
  }
}
