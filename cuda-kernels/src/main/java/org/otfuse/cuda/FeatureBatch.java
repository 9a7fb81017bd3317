package org.otfuse.cuda;

import java.util.List;
import org.otfuse.cuda.abi.otc_feature_task;
import org.otfuse.cuda.abi.otc_launch;

/** Rows of tensors to columns of feature matrices, through gathers. */
final class FeatureBatch implements Work {
  /**
   * One tensor, see {@link org.otfuse.spi.FeatureTask}; {@code scale} is 0 without one, the target
   * is [rows,columns].
   */
  record Task(
      long values,
      List<DeviceAxis> axes,
      int outputAxis,
      int firstRow,
      long scale,
      long target,
      int rows,
      int columns,
      int firstColumn) {}

  private final Engine engine;
  private final otc_launch launch = new otc_launch();
  private final long tasks;

  FeatureBatch(Scratch scratch, List<Task> batch) {
    engine = scratch.engine();
    try (otc_feature_task structs = new otc_feature_task(batch.size())) {
      for (int t = 0; t < batch.size(); t++) {
        describe(batch.get(t), structs.getPointer(t));
      }
      engine.check(
          engine.driver().prepareFeatures(structs, batch.size(), launch), "otc_features_prepare");
      tasks = scratch.copy(structs, batch.size());
    }
  }

  private static void describe(Task task, otc_feature_task struct) {
    DeviceAxis.Joined joined = DeviceAxis.join(List.of(task.axes), task.outputAxis);
    DeviceAxis.describe(joined.tensors().get(0), struct.axes());
    struct
        .values(Address.floats(task.values))
        .scale(Address.floats(task.scale))
        .target(Address.floats(task.target))
        .rank(joined.rank())
        .output_axis(joined.kept())
        .first_row(task.firstRow)
        .rows(task.rows)
        .columns(task.columns)
        .first_column(task.firstColumn);
  }

  @Override
  public void enqueue() {
    engine.check(engine.driver().features(tasks, launch, engine.stream()), "otc_features");
  }
}
