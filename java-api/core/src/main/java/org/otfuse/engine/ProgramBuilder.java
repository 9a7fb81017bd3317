package org.otfuse.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.otfuse.AlignmentOptions;
import org.otfuse.Architecture;
import org.otfuse.FusionOptions;
import org.otfuse.MarginalKind;
import org.otfuse.NeuronGroup;
import org.otfuse.Producer;
import org.otfuse.ResidualPolicy;
import org.otfuse.Solver;
import org.otfuse.TensorLayout;
import org.otfuse.TensorLayout.Role;
import org.otfuse.TensorLayout.Slab;
import org.otfuse.features.AlignmentOrder;
import org.otfuse.spi.FusionProgram;
import org.otfuse.spi.FusionProgram.Axis;
import org.otfuse.spi.FusionProgram.Block;
import org.otfuse.spi.FusionProgram.Part;
import org.otfuse.spi.FusionProgram.Step;

/** Writes the fusion of models of one architecture down as a program on flat weights. */
public final class ProgramBuilder {
  private final Architecture architecture;
  private final List<Long> offsets = new ArrayList<>();
  private final List<List<Part>> parts = new ArrayList<>();
  private long length;

  private ProgramBuilder(Architecture architecture) {
    this.architecture = architecture;
    for (TensorLayout tensor : architecture.tensors()) {
      offsets.add(length);
      List<Part> slabs = new ArrayList<>();
      for (Slab slab : tensor.slabs()) {
        slabs.add(new Part(length, slab.axes().stream().map(ProgramBuilder::axis).toList()));
        length += slab.length();
      }
      parts.add(slabs);
    }
  }

  /** Whether a program can say all that the options ask for. */
  public static boolean covers(FusionOptions options) {
    AlignmentOptions how = options.alignment();
    return how.residuals() == ResidualPolicy.JOINT
        && how.sweeps() == 0
        && how.solver() != Solver.IDENTITY
        && how.marginals() != MarginalKind.ACTIVATION
        && !options.anchor().isAutomatic();
  }

  public static FusionProgram build(
      Architecture architecture, List<Double> weights, int anchor, AlignmentOptions o) {
    ProgramBuilder builder = new ProgramBuilder(architecture);
    return new FusionProgram(
        builder.length,
        weights,
        anchor,
        architecture.groups().stream().map(NeuronGroup::size).toList(),
        AlignmentOrder.of(architecture).stream().map(builder::step).toList(),
        builder.parts.stream().flatMap(List::stream).toList(),
        o.metric(),
        o.solver(),
        o.sinkhorn(),
        o.marginals(),
        o.inputMap());
  }

  private static Axis axis(TensorLayout.Axis axis) {
    return new Axis(
        axis.role() == Role.INPUT,
        axis.segments().stream()
            .map(s -> new FusionProgram.Segment(s.group(), s.block(), s.size()))
            .toList());
  }

  private Step step(AlignmentOrder.Step step) {
    NeuronGroup group = architecture.groups().get(step.group());
    List<Block> all = group.producers().stream().map(this::block).toList();
    List<Block> blocks = step.producers().stream().map(all::get).toList();
    int columns = blocks.stream().mapToInt(b -> columns(b)).sum();
    return new Step(step.group(), columns, blocks, all);
  }

  private static int columns(Block block) {
    int columns = 1;
    List<Axis> axes = block.weights().axes();
    for (int a = 0; a < axes.size(); a++) {
      if (a != block.outputAxis()) {
        columns *= axes.get(a).segments().stream().mapToInt(FusionProgram.Segment::size).sum();
      }
    }
    boolean bias = block.bias().isPresent() || block.normalization().isPresent();
    return bias ? columns + 1 : columns;
  }

  private Block block(Producer p) {
    OptionalLong bias =
        p.bias().isPresent()
            ? OptionalLong.of(vector(p, p.bias().getAsInt()))
            : OptionalLong.empty();
    Optional<FusionProgram.Normalization> normalization =
        p.normalization()
            .map(
                n ->
                    new FusionProgram.Normalization(
                        vector(p, n.gamma()),
                        vector(p, n.beta()),
                        vector(p, n.mean()),
                        vector(p, n.variance()),
                        n.epsilon()));
    return new Block(
        parts.get(p.weight()).get(p.slab()), p.outputAxis(), p.firstRow(), bias, normalization);
  }

  private long vector(Producer producer, int tensor) {
    return offsets.get(tensor) + producer.firstParameter();
  }
}
