package org.otfuse.spi;

import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.otfuse.spi.FusionProgram.Axis;
import org.otfuse.spi.FusionProgram.Block;
import org.otfuse.spi.FusionProgram.Normalization;
import org.otfuse.spi.FusionProgram.Part;
import org.otfuse.spi.FusionProgram.Segment;
import org.otfuse.spi.FusionProgram.Step;

/**
 * Refuses programs whose parts, steps and groups do not fit together, so that a back end can follow
 * every offset of one without looking.
 */
final class ProgramChecks {
  private static final String MODEL = "a model";

  private final long length;
  private final List<Integer> groupSizes;

  ProgramChecks(long length, List<Integer> groupSizes) {
    this.length = length;
    this.groupSizes = groupSizes;
  }

  void check(List<Double> weights, int anchor, List<Step> steps, List<Part> parts) {
    checkWeights(weights, anchor);
    for (int g = 0; g < groupSizes.size(); g++) {
      Sizes.requireAtLeast(1, groupSizes.get(g), "the size of group " + g);
    }
    parts.forEach(this::check);
    checkCover(parts);
    Set<Integer> aligned = new HashSet<>();
    for (Step step : steps) {
      check(step);
      if (!aligned.add(step.group())) {
        throw new IllegalArgumentException(
            "group " + step.group() + " has two steps, expected one at most");
      }
    }
  }

  private static void checkWeights(List<Double> weights, int anchor) {
    Sizes.requireRange(anchor, 1, weights.size(), "the anchor", "the models");
    for (int k = 0; k < weights.size(); k++) {
      double weight = weights.get(k);
      if (!(weight >= 0 && weight < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "the weight of model %d is %s, expected a finite number that is not negative"
                .formatted(k, weight));
      }
    }
  }

  private void check(Part part) {
    Sizes.requireRange(part.offset(), part.length(), length, "a part", MODEL);
    for (Axis axis : part.axes()) {
      for (Segment segment : axis.segments()) {
        check(segment);
      }
    }
  }

  private void check(Segment segment) {
    if (segment.group() < 0) {
      return;
    }
    long size = (long) neurons(segment.group()) * segment.block();
    if (size != segment.size()) {
      throw new IllegalArgumentException(
          "a segment of group %d and block %d has %d indices, expected %d"
              .formatted(segment.group(), segment.block(), segment.size(), size));
    }
  }

  private int neurons(int group) {
    Sizes.requireRange(group, 1, groupSizes.size(), "a group", "the groups");
    return groupSizes.get(group);
  }

  private void checkCover(List<Part> parts) {
    long covered = 0;
    for (Part part : parts.stream().sorted(Comparator.comparingLong(Part::offset)).toList()) {
      if (part.offset() != covered && part.length() > 0) {
        throw new IllegalArgumentException(
            "a part begins at float %d, expected %d so that the parts cover the model once"
                .formatted(part.offset(), covered));
      }
      covered += part.length();
    }
    if (covered != length) {
      throw new IllegalArgumentException(
          "the parts cover %d floats, expected the %d of a model".formatted(covered, length));
    }
  }

  private void check(Step step) {
    int neurons = neurons(step.group());
    if (step.blocks().isEmpty()) {
      throw new IllegalArgumentException(
          "the step of group " + step.group() + " has no blocks, expected at least one");
    }
    step.producers().forEach(block -> check(block, neurons));
    long columns = 0;
    for (Block block : step.blocks()) {
      check(block, neurons);
      columns += block.columns();
      if (columns > Integer.MAX_VALUE) {
        break;
      }
    }
    if (columns != step.columns()) {
      throw new IllegalArgumentException(
          "the step of group %d has %d columns, but its blocks have %d"
              .formatted(step.group(), step.columns(), columns));
    }
  }

  private void check(Block block, int neurons) {
    check(block.weights());
    int outputs = block.weights().axes().get(block.outputAxis()).size();
    Sizes.requireRange(block.firstRow(), neurons, outputs, "a run of rows", "the output axis");
    checkVector(block.bias(), neurons, "a bias");
    if (block.normalization().isPresent()) {
      Normalization n = block.normalization().get();
      for (long first : new long[] {n.gamma(), n.beta(), n.mean(), n.variance()}) {
        checkVector(OptionalLong.of(first), neurons, "a vector of a normalization");
      }
    }
  }

  private void checkVector(OptionalLong first, int neurons, String what) {
    if (first.isPresent()) {
      Sizes.requireRange(first.getAsLong(), neurons, length, what, MODEL);
    }
  }
}
