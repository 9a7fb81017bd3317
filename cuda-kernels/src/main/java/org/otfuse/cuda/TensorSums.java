package org.otfuse.cuda;

import java.util.ArrayList;
import java.util.List;

/**
 * Weighted averages of tensors through any maps. Sources that are gathers are summed in one launch;
 * then each tensor with soft maps is added by its last product where that leaves nothing to move,
 * and otherwise summed by the launch too, after its products.
 */
final class TensorSums {
  /**
   * One model's tensor.
   *
   * @param soft its axes as products see them
   * @param gathers what is left to gather after the products
   */
  record Source(long values, List<SoftAxes.Axis> soft, List<DeviceAxis> gathers, float weight) {
    private boolean gathersOnly() {
      return soft.stream().noneMatch(SoftAxes.Axis::soft);
    }

    private boolean productsOnly() {
      return !gathersOnly() && gathers.stream().allMatch(DeviceAxis::stays);
    }
  }

  private final Scratch scratch;
  private final List<Work> before = new ArrayList<>();
  private final List<AverageBatch.Task> averages = new ArrayList<>();
  private final List<Work> after = new ArrayList<>();

  TensorSums(Scratch scratch) {
    this.scratch = scratch;
  }

  /** Adds the average of one tensor. */
  void add(long target, long length, List<Source> sources) {
    List<AverageBatch.Source> gathered = new ArrayList<>();
    for (Source source : sources) {
      if (!source.productsOnly()) {
        long values = SoftAxes.carry(scratch, before, source.values, source.soft);
        gathered.add(new AverageBatch.Source(values, source.gathers, source.weight));
      }
    }
    if (!gathered.isEmpty() && length > 0) {
      averages.add(new AverageBatch.Task(target, length, false, gathered));
    }
    float beta = gathered.isEmpty() ? 0 : 1;
    for (Source source : sources) {
      if (source.productsOnly()) {
        SoftAxes.add(scratch, after, source.values, source.soft, source.weight, beta, target);
        beta = 1;
      }
    }
  }

  /** All that has to be done, in order. */
  List<Work> work() {
    List<Work> work = new ArrayList<>(before);
    if (!averages.isEmpty()) {
      work.add(new AverageBatch(scratch, averages));
    }
    work.addAll(after);
    return work;
  }
}
