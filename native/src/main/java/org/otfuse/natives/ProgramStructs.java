package org.otfuse.natives;

import java.util.List;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.IntPointer;
import org.otfuse.InputMap;
import org.otfuse.Metric;
import org.otfuse.Solver;
import org.otfuse.natives.abi.Otfuse;
import org.otfuse.natives.abi.otf_block;
import org.otfuse.natives.abi.otf_part;
import org.otfuse.natives.abi.otf_part_axis;
import org.otfuse.natives.abi.otf_part_segment;
import org.otfuse.natives.abi.otf_program;
import org.otfuse.natives.abi.otf_step;
import org.otfuse.spi.FusionProgram;
import org.otfuse.spi.FusionProgram.Axis;
import org.otfuse.spi.FusionProgram.Block;
import org.otfuse.spi.FusionProgram.Part;
import org.otfuse.spi.FusionProgram.Segment;
import org.otfuse.spi.FusionProgram.Step;

/** A fusion program as the engine's structs, to be used within a pointer scope. */
final class ProgramStructs {
  private static final long NONE = -1;

  private ProgramStructs() {}

  static otf_program of(FusionProgram program) {
    DoublePointer weights = new DoublePointer(program.weights().size());
    for (int k = 0; k < program.weights().size(); k++) {
      weights.put(k, program.weights().get(k));
    }
    IntPointer sizes = new IntPointer(Math.max(1, program.groupSizes().size()));
    for (int g = 0; g < program.groupSizes().size(); g++) {
      sizes.put(g, program.groupSizes().get(g));
    }
    return new otf_program()
        .length(program.length())
        .weights(weights)
        .group_sizes(sizes)
        .steps(steps(program.steps()))
        .parts(parts(program.parts()))
        .models(program.weights().size())
        .anchor(program.anchor())
        .group_count(program.groupSizes().size())
        .step_count(program.steps().size())
        .part_count(program.parts().size())
        .metric(metric(program.metric()))
        .exact(program.solver() == Solver.EXACT ? 1 : 0)
        .marginals(program.marginals().ordinal())
        .input_column(program.inputMap() == InputMap.COLUMN ? 1 : 0)
        .max_iterations(program.sinkhorn().maxIterations())
        .warm_start(program.sinkhorn().warmStart() ? 1 : 0)
        .epsilon(program.sinkhorn().epsilon())
        .tolerance(program.sinkhorn().tolerance())
        .tau(program.sinkhorn().tau())
        .annealing(program.sinkhorn().annealing());
  }

  static int metric(Metric metric) {
    return switch (metric) {
      case EUCLIDEAN -> Otfuse.OTF_EUCLIDEAN;
      case SQEUCLIDEAN -> Otfuse.OTF_SQEUCLIDEAN;
      case COSINE -> Otfuse.OTF_COSINE;
    };
  }

  private static otf_step steps(List<Step> steps) {
    otf_step structs = new otf_step(Math.max(1, steps.size()));
    for (int s = 0; s < steps.size(); s++) {
      Step step = steps.get(s);
      structs
          .getPointer(s)
          .blocks(blocks(step.blocks()))
          .producers(blocks(step.producers()))
          .block_count(step.blocks().size())
          .producer_count(step.producers().size())
          .group(step.group())
          .columns(step.columns());
    }
    return structs;
  }

  private static otf_block blocks(List<Block> blocks) {
    otf_block structs = new otf_block(Math.max(1, blocks.size()));
    for (int b = 0; b < blocks.size(); b++) {
      Block block = blocks.get(b);
      otf_block struct = structs.getPointer(b);
      describe(block.weights(), struct.weights());
      struct
          .output_axis(block.outputAxis())
          .first_row(block.firstRow())
          .bias(block.bias().orElse(NONE))
          .gamma(block.normalization().map(FusionProgram.Normalization::gamma).orElse(NONE))
          .beta(block.normalization().map(FusionProgram.Normalization::beta).orElse(NONE))
          .mean(block.normalization().map(FusionProgram.Normalization::mean).orElse(NONE))
          .variance(block.normalization().map(FusionProgram.Normalization::variance).orElse(NONE))
          .epsilon(block.normalization().map(FusionProgram.Normalization::epsilon).orElse(0.0));
    }
    return structs;
  }

  private static otf_part parts(List<Part> parts) {
    otf_part structs = new otf_part(Math.max(1, parts.size()));
    for (int p = 0; p < parts.size(); p++) {
      describe(parts.get(p), structs.getPointer(p));
    }
    return structs;
  }

  private static void describe(Part part, otf_part struct) {
    otf_part_axis axes = new otf_part_axis(Math.max(1, part.axes().size()));
    for (int a = 0; a < part.axes().size(); a++) {
      Axis axis = part.axes().get(a);
      otf_part_segment segments = new otf_part_segment(axis.segments().size());
      for (int s = 0; s < axis.segments().size(); s++) {
        Segment segment = axis.segments().get(s);
        segments.getPointer(s).group(segment.group()).block(segment.block()).size(segment.size());
      }
      axes.getPointer(a)
          .segments(segments)
          .count(axis.segments().size())
          .input(axis.input() ? 1 : 0);
    }
    struct.offset(part.offset()).axes(axes).rank(part.axes().size());
  }
}
