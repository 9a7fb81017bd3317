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
import org.otfuse.models.OnnxActivations;
import org.otfuse.models.OnnxModel;
import org.otfuse.spi.NeuronMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code otfuse verify}: shows that reordering neurons leaves a model's function unchanged, in
 * random orders or to match those of another model.
 */
@Command(
    name = "verify",
    header = "Checks that reordering neurons leaves a model's function unchanged.",
    description =
        "Of one model: permutes the neurons of each group at random and shows that the outputs stay"
            + " the same. Of two: reorders the neurons of the second to match the first's, as fuse"
            + " does, and shows, layer by layer, that the second still computes what it did. It does"
            + " not tell how alike two models are, which is what compare is for. Models of several"
            + " inputs are run on random ones. Exit status 1 if a group changes the outputs.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class VerifyCommand implements Callable<Integer> {
  private static final int MOST_SAMPLES = 256;

  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "MODEL", description = "An ONNX file.")
  private Path model;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "SECOND",
      description = "A model of the same widths, to be reordered to match the first.")
  private Optional<Path> second;

  @Option(
      names = "--data",
      paramLabel = "DATA.npz",
      description =
          "Samples to run the model on; default " + Probe.RANDOM_SAMPLES + " random ones.")
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
    Probe probe =
        data.<Probe>map(path -> new Probe.Samples(few(Dataset.read(path))))
            .orElseGet(() -> Probe.random(file, seed.orElse(0L)));
    PrintWriter out = spec.commandLine().getOut();
    try (Bars bars = new Bars();
        FusionEngine engine = FusionEngine.open(BackendChoice.JAVA)) {
      boolean unchanged =
          second.isPresent()
              ? verifyPair(file, OnnxModel.read(second.get()), probe, engine, bars, out)
              : verify(file, probe, engine, bars.stage("verify"), out);
      out.flush();
      return unchanged ? Main.OK : Main.FAILED;
    }
  }

  private static Dataset few(Dataset all) {
    return all.size() > MOST_SAMPLES ? all.first(MOST_SAMPLES) : all;
  }

  private boolean verify(
      OnnxModel file, Probe probe, FusionEngine engine, Progress progress, PrintWriter out) {
    List<NeuronGroup> groups = file.model().architecture().groups();
    float[] expected = probe.outputs(file);
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
        double change = PairVerification.change(expected, probe.outputs(permuted));
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
        "%n%s: %s on %s (change relative to the largest output, at most %s allowed).%n",
        OneLine.of(file.model().name()),
        broken == 0
            ? "permuting neurons leaves the outputs unchanged"
            : broken + " groups change the outputs",
        probe.words(),
        PairVerification.TOLERANCE);
    return broken == 0;
  }

  /** Aligns by activations on given samples, on random inputs by weights. */
  private boolean verifyPair(
      OnnxModel anchor,
      OnnxModel file,
      Probe probe,
      FusionEngine engine,
      Bars bars,
      PrintWriter out) {
    file.requireFusible(anchor);
    requireSameWidths(anchor, file);
    AlignedModel aligned =
        data.isPresent() && probe instanceof Probe.Samples samples
            ? engine.align(
                file.model(),
                OnnxActivations.capture(file, samples.data(), bars.stage("activations")),
                anchor.model(),
                OnnxActivations.capture(anchor, samples.data(), bars.stage("activations")),
                AlignmentOptions.DEFAULTS)
            : engine.align(file.model(), anchor.model(), AlignmentOptions.DEFAULTS);
    OnnxModel reordered = anchor.withTensors(aligned.model());
    if (probe instanceof Probe.Samples samples) {
      PairVerification found =
          PairVerification.of(engine, file, reordered, samples.data(), bars.stage("verify"));
      printGroups(out, found);
      String first =
          found.firstChanged().map(PairVerification.Group::name).orElse("none of its layers");
      return conclude(out, found.outputs(), ", first changed by " + OneLine.of(first), probe);
    }
    double change = PairVerification.change(probe.outputs(file), probe.outputs(reordered));
    return conclude(out, change, "", probe);
  }

  /** Says what was shown and what was not. */
  private boolean conclude(PrintWriter out, double change, String blame, Probe probe) {
    FileNames names = FileNames.of(model, second.orElseThrow());
    boolean unchanged = change <= PairVerification.TOLERANCE;
    out.printf(
        "%s, with its neurons reordered to %s's, %s what %s computes%s (largest difference %s of the"
            + " largest output on %s; at most %s allowed).%nThis does not compare %s with %s: use"
            + " 'otfuse compare'.%n",
        names.second(),
        names.first(),
        unchanged ? "still computes" : "no longer computes",
        names.second(),
        unchanged ? "" : blame,
        Table.number(change),
        probe.words(),
        PairVerification.TOLERANCE,
        names.first(),
        names.second());
    return unchanged;
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

  private static void printGroups(PrintWriter out, PairVerification found) {
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
    out.println(table);
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
}
