package org.otfuse.cuda;

import java.util.ArrayList;
import java.util.List;
import org.otfuse.cuda.abi.otc_launch;
import org.otfuse.cuda.abi.otc_scan_report;
import org.otfuse.cuda.abi.otc_scan_task;

/** Looks for values that are not finite or too small, and for the largest, all in two launches. */
final class ScanBatch implements Work {
  /** So many values at an address; those below {@code least} are refused too. */
  record Task(long values, long length, float least) {
    static Task finite(long values, long length) {
      return new Task(values, length, Float.NEGATIVE_INFINITY);
    }
  }

  /**
   * What was found.
   *
   * @param rest the values from the first refused one on, 0 if there is none
   * @param largest the largest magnitude, not finite if one of them is not
   */
  record Found(long rest, float largest) {}

  private final Engine engine;
  private final otc_launch launch = new otc_launch();
  private final long tasks;
  private final long reports;
  private final int count;

  /**
   * Lays out a batch.
   *
   * @param reports address of room for what is found, one of {@link #reportBytes} a task
   */
  ScanBatch(Scratch scratch, List<Task> batch, long reports) {
    engine = scratch.engine();
    count = batch.size();
    this.reports = reports;
    try (otc_scan_task structs = new otc_scan_task(count)) {
      for (int t = 0; t < count; t++) {
        Task task = batch.get(t);
        structs
            .getPointer(t)
            .values(Address.floats(task.values))
            .length(task.length)
            .least(task.least);
      }
      engine.check(engine.driver().prepareScan(structs, count, launch), "otc_scan_prepare");
      tasks = scratch.copy(structs, count);
    }
  }

  static long reportBytes() {
    try (otc_scan_report size = new otc_scan_report()) {
      return size.sizeof();
    }
  }

  @Override
  public void enqueue() {
    engine.check(engine.driver().scan(tasks, reports, launch, engine.stream()), "otc_scan");
  }

  /** What so many reports say, after all that is on the stream. */
  static List<Found> read(Engine engine, long reports, int count) {
    List<Found> found = new ArrayList<>();
    try (otc_scan_report structs = new otc_scan_report(count)) {
      engine.staging().download(reports, structs, count * reportBytes(), engine.stream());
      for (int t = 0; t < count; t++) {
        otc_scan_report report = structs.getPointer(t);
        found.add(new Found(report.rest(), Float.intBitsToFloat(report.largest())));
      }
    }
    return found;
  }
}
