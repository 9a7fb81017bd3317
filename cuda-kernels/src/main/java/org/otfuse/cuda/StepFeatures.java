package org.otfuse.cuda;

import java.util.ArrayList;
import java.util.List;
import org.otfuse.cuda.ModelMaps.Tensor;
import org.otfuse.spi.FusionProgram.Axis;
import org.otfuse.spi.FusionProgram.Block;
import org.otfuse.spi.FusionProgram.Normalization;
import org.otfuse.spi.FusionProgram.Step;

/**
 * The feature rows of one group in one model: its producers' rows side by side, normalisations
 * folded in. Rows that lie in the weights as they are needed are not copied.
 */
final class StepFeatures {
  private final Step step;
  private final int n;
  private final long model;
  private final List<Tensor> tensors;

  /**
   * Describes the rows.
   *
   * @param n neurons of the group
   * @param model address of the model's weights
   * @param tensors the weights of each of the step's blocks, under the maps of their other axes
   */
  StepFeatures(Step step, int n, long model, List<Tensor> tensors) {
    this.step = step;
    this.n = n;
    this.model = model;
    this.tensors = tensors;
  }

  /** Collects the work of both models of a step, so that each kind of it is one launch. */
  static final class Collected {
    private final List<NormalizationBatch.Task> normalizations = new ArrayList<>();
    private final List<Work> products = new ArrayList<>();
    private final List<FeatureBatch.Task> rows = new ArrayList<>();

    List<Work> work(Scratch scratch) {
      List<Work> work = new ArrayList<>();
      if (!normalizations.isEmpty()) {
        work.add(new NormalizationBatch(scratch, normalizations));
      }
      work.addAll(products);
      if (!rows.isEmpty()) {
        work.add(new FeatureBatch(scratch, rows));
      }
      return work;
    }
  }

  /**
   * Where the rows [n,d] will be.
   *
   * @param collected what has to be done is added here
   */
  long lay(Scratch scratch, Collected collected) {
    if (lieInTheWeights()) {
      Block block = step.blocks().get(0);
      return Address.after(tensors.get(0).values(), (long) block.firstRow() * step.columns());
    }
    long target = scratch.temporaryFloats((long) n * step.columns());
    int column = 0;
    for (int b = 0; b < step.blocks().size(); b++) {
      column = lay(step.blocks().get(b), tensors.get(b), target, column, scratch, collected);
    }
    return target;
  }

  private boolean lieInTheWeights() {
    if (step.blocks().size() != 1) {
      return false;
    }
    Block block = step.blocks().get(0);
    Tensor tensor = tensors.get(0);
    return block.outputAxis() == 0
        && block.bias().isEmpty()
        && block.normalization().isEmpty()
        && tensor.gathers().stream().allMatch(DeviceAxis::stays)
        && tensor.soft().stream().noneMatch(SoftAxes.Axis::soft);
  }

  /** Lays one producer's rows and returns the column after them. */
  private int lay(
      Block block, Tensor tensor, long target, int column, Scratch scratch, Collected collected) {
    long scale = 0;
    long bias = block.bias().isPresent() ? at(block.bias().getAsLong()) : 0;
    if (block.normalization().isPresent()) {
      Normalization folded = block.normalization().get();
      scale = scratch.temporaryFloats(n);
      long shift = scratch.temporaryFloats(n);
      collected.normalizations.add(
          new NormalizationBatch.Task(
              at(folded.gamma()),
              at(folded.beta()),
              at(folded.mean()),
              at(folded.variance()),
              bias,
              scale,
              shift,
              folded.epsilon(),
              n));
      bias = shift;
    }
    long values = SoftAxes.carry(scratch, collected.products, tensor.values(), tensor.soft());
    collected.rows.add(
        new FeatureBatch.Task(
            values,
            tensor.gathers(),
            block.outputAxis(),
            block.firstRow(),
            scale,
            target,
            n,
            step.columns(),
            column));
    int next = column + columns(block);
    if (bias != 0) {
      List<DeviceAxis> axes = List.of(DeviceAxis.identity(n));
      collected.rows.add(
          new FeatureBatch.Task(bias, axes, 0, 0, 0, target, n, step.columns(), next++));
    }
    return next;
  }

  private long at(long offset) {
    return Address.after(model, offset);
  }

  private static int columns(Block block) {
    int columns = 1;
    List<Axis> axes = block.weights().axes();
    for (int a = 0; a < axes.size(); a++) {
      int size = a == block.outputAxis() ? 1 : ModelMaps.size(axes.get(a));
      columns = Math.multiplyExact(columns, size);
    }
    return columns;
  }
}
