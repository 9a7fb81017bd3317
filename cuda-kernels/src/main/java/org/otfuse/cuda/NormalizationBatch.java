package org.otfuse.cuda;

import java.util.List;
import org.otfuse.cuda.abi.otc_launch;
import org.otfuse.cuda.abi.otc_normalization_task;

/** Normalisations as a scale and a shift for each neuron. */
final class NormalizationBatch implements Work {
  /** One normalisation of n neurons by addresses; {@code bias} is 0 without one. */
  record Task(
      long gamma,
      long beta,
      long mean,
      long variance,
      long bias,
      long scale,
      long shift,
      double epsilon,
      int n) {}

  private final Engine engine;
  private final otc_launch launch = new otc_launch();
  private final long tasks;

  NormalizationBatch(Scratch scratch, List<Task> batch) {
    engine = scratch.engine();
    try (otc_normalization_task structs = new otc_normalization_task(batch.size())) {
      for (int t = 0; t < batch.size(); t++) {
        Task task = batch.get(t);
        structs
            .getPointer(t)
            .gamma(Address.floats(task.gamma))
            .beta(Address.floats(task.beta))
            .mean(Address.floats(task.mean))
            .variance(Address.floats(task.variance))
            .bias(Address.floats(task.bias))
            .scale(Address.floats(task.scale))
            .shift(Address.floats(task.shift))
            .epsilon(task.epsilon)
            .n(task.n);
      }
      engine.check(
          engine.driver().prepareNormalization(structs, batch.size(), launch),
          "otc_normalization_prepare");
      tasks = scratch.copy(structs, batch.size());
    }
  }

  @Override
  public void enqueue() {
    engine.check(
        engine.driver().normalization(tasks, launch, engine.stream()), "otc_normalization");
  }
}
