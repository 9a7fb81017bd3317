package org.otfuse.testkit;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What this process holds, after a garbage collection. Where there is no /proc, threads are those
 * of Java, and resident memory and descriptors count 0.
 *
 * @param heap bytes in use on the heap
 * @param outside bytes of resident memory that the heap does not account for
 * @param threads Java's and others
 * @param descriptors open files
 */
record Resources(long heap, long outside, long threads, long descriptors) {
  private static final long HEAP_NOISE = 8 << 20;
  private static final long OUTSIDE_NOISE = 64 << 20;
  private static final long THREAD_NOISE = 6; // compilers and collectors come and go
  private static final long DESCRIPTOR_NOISE = 4;
  private static final int ATTEMPTS = 50;
  private static final int PAUSE_MILLISECONDS = 200;
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

  static Resources now() {
    System.gc();
    MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    long resident = 0;
    long threads = ManagementFactory.getThreadMXBean().getThreadCount();
    long descriptors = 0;
    if (Files.isReadable(STATUS)) {
      resident = 1024 * status("VmRSS:");
      threads = status("Threads:");
      descriptors = openFiles();
    }
    return new Resources(
        memory.getHeapMemoryUsage().getUsed(),
        Math.max(0, resident - memory.getHeapMemoryUsage().getCommitted()),
        threads,
        descriptors);
  }

  private static long status(String key) {
    try (Stream<String> lines = Files.lines(STATUS)) {
      return lines
          .filter(line -> line.startsWith(key))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long openFiles() {
    try (Stream<Path> open = Files.list(DESCRIPTORS)) {
      return open.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Checks that no more is held now, once threads that end have ended. */
  void requireNoGrowth(String what) throws InterruptedException {
    Resources found = now();
    for (int attempt = 0; attempt < ATTEMPTS && !found.within(this); attempt++) {
      Thread.sleep(PAUSE_MILLISECONDS);
      found = now();
    }
    assertTrue(found.within(this), what + ": " + this + " before, " + found + " after");
  }

  private boolean within(Resources before) {
    return heap <= before.heap + HEAP_NOISE
        && outside <= before.outside + OUTSIDE_NOISE
        && threads <= before.threads + THREAD_NOISE
        && descriptors <= before.descriptors + DESCRIPTOR_NOISE;
  }
}
