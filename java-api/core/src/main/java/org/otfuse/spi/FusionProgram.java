package org.otfuse.spi;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.otfuse.InputMap;
import org.otfuse.MarginalKind;
import org.otfuse.Metric;
import org.otfuse.SinkhornSettings;
import org.otfuse.Solver;

/**
 * All that a fusion of models of one architecture by their weights does, decided before any weights
 * are there. A model is one run of floats: its tensors one after the other, row-major. For each
 * model but the anchor the steps are carried out in order, each giving the maps of one group; then
 * all parts are averaged. What a step computes is what {@link FeatureTask}, {@link CostTask},
 * {@link Backend#assign}, {@link ExactTask}, {@link SinkhornTask}, {@link MapTask} and {@link
 * AverageTask} say. A program that was made fits together: a back end need not check it again.
 *
 * @param length floats of one model
 * @param weights one a model, finite and not negative
 * @param anchor index of the model that the others are aligned to
 * @param groupSizes neurons of each group, 1 or more; a group without a step keeps its order
 * @param steps the groups to align, in order, each at most once
 * @param parts what is averaged, in any order; together the parts cover the model once
 * @param metric distance between features
 * @param solver exact means an assignment for uniform marginals, otherwise linear transport
 * @param sinkhorn settings of the Sinkhorn solver; {@code warmStart} asks to start from the
 *     potentials of the previous run, where there was one
 * @param marginals mass of the neurons
 * @param inputMap how a plan moves input axes
 */
public record FusionProgram(
    long length,
    List<Double> weights,
    int anchor,
    List<Integer> groupSizes,
    List<Step> steps,
    List<Part> parts,
    Metric metric,
    Solver solver,
    SinkhornSettings sinkhorn,
    MarginalKind marginals,
    InputMap inputMap) {
  /**
   * Checks that all fits together.
   *
   * @throws IllegalArgumentException if a part, step or group disagrees with the others
   * @throws IndexOutOfBoundsException if something lies outside the model or names what is not
   *     there
   */
  public FusionProgram {
    weights = Sizes.copy(weights, "weights");
    groupSizes = Sizes.copy(groupSizes, "groupSizes");
    steps = Sizes.copy(steps, "steps");
    parts = Sizes.copy(parts, "parts");
    Objects.requireNonNull(metric, "metric");
    Objects.requireNonNull(solver, "solver");
    Objects.requireNonNull(sinkhorn, "sinkhorn");
    Objects.requireNonNull(marginals, "marginals");
    Objects.requireNonNull(inputMap, "inputMap");
    new ProgramChecks(length, groupSizes).check(weights, anchor, steps, parts);
  }

  /**
   * One group to align.
   *
   * @param group its index
   * @param columns feature length d, the sum over the blocks
   * @param blocks what the feature rows consist of, side by side in this order
   * @param producers all producers' rows, for marginals by importance
   */
  public record Step(int group, int columns, List<Block> blocks, List<Block> producers) {
    /** Copies the lists. */
    public Step {
      blocks = Sizes.copy(blocks, "blocks");
      producers = Sizes.copy(producers, "producers");
    }
  }

  /**
   * The rows of one producer: its weights after the input maps, times the scale of its
   * normalisation, and one more column for its bias where it has a bias or a normalisation.
   *
   * @param weights the tensor or the slab of it that holds the rows
   * @param outputAxis the axis whose indices are the neurons
   * @param firstRow index on that axis of the group's first neuron
   * @param bias first float of the group's biases
   * @param normalization the BatchNormalization to fold in
   */
  public record Block(
      Part weights,
      int outputAxis,
      int firstRow,
      OptionalLong bias,
      Optional<Normalization> normalization) {
    /** Checks the indices within the weights. */
    public Block {
      Objects.requireNonNull(weights, "weights");
      Objects.requireNonNull(bias, "bias");
      Objects.requireNonNull(normalization, "normalization");
      Sizes.requireRange(outputAxis, 1, weights.axes.size(), "the output axis", "the axes");
      Sizes.requireAtLeast(0, firstRow, "the first row");
    }

    /** The features that the block gives a neuron. */
    long columns() {
      List<Axis> others = new ArrayList<>(weights.axes);
      others.remove(outputAxis);
      long columns = Sizes.product(others, Axis::size);
      return bias.isPresent() || normalization.isPresent() ? columns + 1 : columns;
    }
  }

  /**
   * First floats of a BatchNormalization's vectors for the group.
   *
   * @param gamma the scale
   * @param beta the shift
   * @param mean the running mean
   * @param variance the running variance
   * @param epsilon added to the variance, finite and not negative
   */
  public record Normalization(long gamma, long beta, long mean, long variance, double epsilon) {
    /** Checks epsilon. */
    public Normalization {
      if (!(epsilon >= 0 && epsilon < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "the epsilon of a normalization is "
                + epsilon
                + ", expected a finite number that is not negative");
      }
    }
  }

  /**
   * A tensor, or a slab of one.
   *
   * @param offset its first float
   * @param axes its axes, none for a scalar
   */
  public record Part(long offset, List<Axis> axes) {
    /** Checks that its end can be counted. */
    public Part {
      axes = Sizes.copy(axes, "axes");
      Sizes.requireRange(offset, length(axes), Sizes.MOST_FLOATS, "a part", "any model");
    }

    /** The floats that it covers. */
    long length() {
      return length(axes);
    }

    private static long length(List<Axis> axes) {
      return Sizes.product(axes, Axis::size);
    }
  }

  /**
   * One axis.
   *
   * @param input whether the tensor reads these neurons (moved by Q) or computes them (moved by P)
   * @param segments in index order, at least one
   */
  public record Axis(boolean input, List<Segment> segments) {
    /** Checks that its length can be counted. */
    public Axis {
      segments = Sizes.copy(segments, "segments");
      if (segments.isEmpty()) {
        throw new IllegalArgumentException("an axis has no segments, expected at least one");
      }
      size(segments);
    }

    /** The indices of all segments. */
    int size() {
      return size(segments);
    }

    private static int size(List<Segment> segments) {
      return Sizes.axis(segments, Segment::size, segment -> 1);
    }
  }

  /**
   * Part of an axis.
   *
   * @param group whose neurons, or -1 for indices that stay
   * @param block consecutive indices of each neuron, 1 or more
   * @param size indices in all: of a group, its neurons times the block
   */
  public record Segment(int group, int block, int size) {
    /** Checks the ranges. */
    public Segment {
      Sizes.requireAtLeast(-1, group, "the group of a segment");
      Sizes.requireAtLeast(1, block, "the block of a segment");
      Sizes.requireAtLeast(0, size, "the size of a segment");
    }
  }
}
