package org.otfuse.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import org.otfuse.AlignedModel;
import org.otfuse.AlignmentOptions;
import org.otfuse.BackendChoice;
import org.otfuse.FusionEngine;
import org.otfuse.InvalidInputException;
import org.otfuse.NeuronGroup;
import org.otfuse.Progress;
import org.otfuse.models.Dataset;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.TensorInfo;
import org.otfuse.spi.NeuronMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code otfuse verify}: shows that reordering neurons leaves a model's function unchanged, in
 * random orders or as aligned with another model.
 */
@Command(
    name = "verify",
    description = {
      "Of one model: permutes the neurons of each group at random and shows that the outputs stay",
      "the same. Of two: aligns the second to the first by a permutation and shows, layer by"
          + " layer,",
      "that the second computes what it did. Exit status 1 if a group changes that."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class VerifyCommand implements Callable<Integer> {
  private static final int RANDOM_SAMPLES = 8;
  private static final int MOST_SAMPLES = 256;

  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "MODEL", description = "An ONNX file.")
  private Path model;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "SECOND",
      description = "A model of the same widths, to be aligned to the first.")
  private Optional<Path> second;

  @Option(
      names = "--data",
      paramLabel = "DATA.npz",
      description = "Samples to run the model on; default " + RANDOM_SAMPLES + " random ones.")
  private Optional<Path> data;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "Draws permutations and random samples; default 0.")
  private Optional<Long> seed;

  VerifyCommand() {}

  @Override
  public Integer call() {
    if (seed.isPresent() && second.isPresent() && data.isPresent()) {
      throw new InvalidInputException(
          "--seed draws permutations or random samples, of which two models with --data need"
              + " none.");
    }
    OnnxModel file = OnnxModel.read(model);
    Dataset samples =
        data.map(Dataset::read)
            .map(d -> d.size() > MOST_SAMPLES ? d.first(MOST_SAMPLES) : d)
            .orElseGet(() -> randomSamples(file));
    PrintWriter out = spec.commandLine().getOut();
    try (Bars bars = new Bars();
        FusionEngine engine = FusionEngine.open(BackendChoice.JAVA)) {
      boolean unchanged =
          second.isPresent()
              ? verifyPair(file, OnnxModel.read(second.get()), samples, engine, bars, out)
              : verify(file, samples, engine, bars.stage("verify"), out);
      out.flush();
      return unchanged ? Main.OK : Main.FAILED;
    }
  }

  private boolean verify(
      OnnxModel file, Dataset samples, FusionEngine engine, Progress progress, PrintWriter out) {
    List<NeuronGroup> groups = file.model().architecture().groups();
    float[] expected = PairVerification.logits(file, samples);
    Table table = new Table("neuron group", "neurons", "largest change", "");
    Random random = new Random(seed.orElse(0L));
    int broken = 0;
    for (int g = 0; g < groups.size(); g++) {
      NeuronGroup group = groups.get(g);
      if (group.pinned().isPresent()) {
        table.add(
            group.name(), String.valueOf(group.size()), "-", "pinned: " + group.pinned().get());
      } else {
        OnnxModel permuted = file.withTensors(engine.carry(file.model(), maps(groups, g, random)));
        double change =
            PairVerification.change(expected, PairVerification.logits(permuted, samples));
        boolean same = change <= PairVerification.TOLERANCE;
        broken += same ? 0 : 1;
        table.add(
            group.name(),
            String.valueOf(group.size()),
            Table.number(change),
            same ? "unchanged" : "CHANGED");
      }
      progress.step(g + 1, groups.size());
    }
    out.print(table);
    out.printf(
        "%n%s: %s on %d samples (change relative to the largest output, at most %s allowed).%n",
        OneLine.of(file.model().name()),
        broken == 0
            ? "permuting neurons leaves the outputs unchanged"
            : broken + " groups change the outputs",
        samples.size(),
        PairVerification.TOLERANCE);
    return broken == 0;
  }

  /** Aligns by activations on given samples, on random ones by weights. */
  private boolean verifyPair(
      OnnxModel anchor,
      OnnxModel file,
      Dataset samples,
      FusionEngine engine,
      Bars bars,
      PrintWriter out) {
    ModelFiles.requireSameGraph(file, anchor);
    requireSameWidths(anchor, file);
    AlignedModel aligned =
        data.isPresent()
            ? engine.align(
                file.model(),
                ComparedModels.capture(file, samples, bars),
                anchor.model(),
                ComparedModels.capture(anchor, samples, bars),
                AlignmentOptions.DEFAULTS)
            : engine.align(file.model(), anchor.model(), AlignmentOptions.DEFAULTS);
    PairVerification found =
        PairVerification.of(
            engine, file, anchor.withTensors(aligned.model()), samples, bars.stage("verify"));
    print(out, found, anchor, file, samples);
    return found.unchanged();
  }

  private static void requireSameWidths(OnnxModel anchor, OnnxModel file) {
    List<NeuronGroup> expected = anchor.model().architecture().groups();
    List<NeuronGroup> groups = file.model().architecture().groups();
    for (int g = 0; g < groups.size(); g++) {
      if (groups.get(g).size() != expected.get(g).size()) {
        throw new InvalidInputException(
            "Neuron group %s has %d neurons in %s, expected %d as in %s: only a permutation keeps"
                    .formatted(
                        groups.get(g).name(),
                        groups.get(g).size(),
                        file.model().name(),
                        expected.get(g).size(),
                        anchor.model().name())
                + " the function.");
      }
    }
  }

  private static void print(
      PrintWriter out, PairVerification found, OnnxModel anchor, OnnxModel file, Dataset samples) {
    Table table =
        new Table("neuron group", "neurons", "moved", "layer's change", "outputs' change", "");
    for (PairVerification.Group group : found.groups()) {
      boolean pinned = group.pinned().isPresent();
      table.add(
          group.name(),
          String.valueOf(group.size()),
          pinned ? "-" : String.valueOf(group.moved()),
          pinned ? "-" : Table.number(group.layer()),
          pinned ? "-" : Table.number(group.alone()),
          pinned ? "pinned: " + group.pinned().get() : group.unchanged() ? "unchanged" : "CHANGED");
    }
    out.print(table);
    out.printf(
        "%n%s aligned to %s %s on %d samples (change of the outputs %s, relative to the largest;"
            + " at most %s allowed).%n",
        OneLine.of(file.model().name()),
        OneLine.of(anchor.model().name()),
        found.unchanged()
            ? "computes the same function"
            : "computes another function, first changed by "
                + found.firstChanged().map(PairVerification.Group::name).orElse("the outputs"),
        samples.size(),
        Table.number(found.outputs()),
        PairVerification.TOLERANCE);
  }

  private static List<NeuronMap> maps(List<NeuronGroup> groups, int moved, Random random) {
    List<NeuronMap> maps = new ArrayList<>();
    for (int g = 0; g < groups.size(); g++) {
      int size = groups.get(g).size();
      maps.add(g == moved ? permutation(size, random) : new NeuronMap.Identity(size));
    }
    return maps;
  }

  static NeuronMap permutation(int size, Random random) {
    int[] source = new int[size];
    for (int i = 0; i < size; i++) {
      int j = random.nextInt(i + 1);
      source[i] = source[j];
      source[j] = i;
    }
    return new NeuronMap.Hard(source, size);
  }

  private Dataset randomSamples(OnnxModel file) {
    TensorInfo input = file.inputs().get(0);
    List<Integer> shape = input.shape().subList(1, input.shape().size());
    if (shape.contains(TensorInfo.UNKNOWN)) {
      throw new InvalidInputException(
          "Input %s of %s has shape %s with open sizes, expected samples by --data DATA.npz."
              .formatted(input.name(), file.model().name(), input.shape()));
    }
    int length = shape.stream().reduce(1, Math::multiplyExact);
    float[] values = new float[RANDOM_SAMPLES * length];
    Random random = new Random(seed.orElse(0L));
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Dataset.of("random samples", shape, values, Optional.empty());
  }
}
