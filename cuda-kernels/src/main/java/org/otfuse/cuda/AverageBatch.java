package org.otfuse.cuda;

import java.util.List;
import org.otfuse.cuda.abi.otc_average_source;
import org.otfuse.cuda.abi.otc_average_task;
import org.otfuse.cuda.abi.otc_launch;

/** Weighted averages of tensors through gathers, all in one launch. */
final class AverageBatch implements Work {
  /** The average of one tensor of {@code length} floats; {@code accumulate} adds to the target. */
  record Task(long target, long length, boolean accumulate, List<Source> sources) {}

  /** One model's tensor. */
  record Source(long values, List<DeviceAxis> axes, float weight) {}

  private final Engine engine;
  private final otc_launch launch = new otc_launch();
  private final long tasks;

  AverageBatch(Scratch scratch, List<Task> batch) {
    engine = scratch.engine();
    int count = batch.stream().mapToInt(task -> task.sources.size()).sum();
    try (otc_average_task structs = new otc_average_task(batch.size());
        otc_average_source sources = new otc_average_source(count)) {
      long bytes = sources.sizeof();
      long first = scratch.bytes(count * bytes);
      int next = 0;
      for (int t = 0; t < batch.size(); t++) {
        Task task = batch.get(t);
        DeviceAxis.Joined joined =
            DeviceAxis.join(task.sources.stream().map(Source::axes).toList(), -1);
        structs
            .getPointer(t)
            .target(Address.floats(task.target))
            .sources(new otc_average_source(new Address(first + next * bytes)))
            .length(task.length)
            .count(task.sources.size())
            .rank(joined.rank())
            .accumulate(task.accumulate ? 1 : 0);
        for (int s = 0; s < task.sources.size(); s++) {
          Source source = task.sources.get(s);
          otc_average_source struct = sources.getPointer(next++);
          DeviceAxis.describe(joined.tensors().get(s), struct.axes());
          struct.values(Address.floats(source.values)).weight(source.weight);
        }
      }
      engine.staging().upload(sources, count * bytes, first, engine.stream());
      engine.check(
          engine.driver().prepareAverage(structs, batch.size(), launch), "otc_average_prepare");
      tasks = scratch.copy(structs, batch.size());
    }
  }

  @Override
  public void enqueue() {
    engine.check(engine.driver().average(tasks, launch, engine.stream()), "otc_average");
  }
}
