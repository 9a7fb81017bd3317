package org.otfuse.cli;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.otfuse.Anchor;
import org.otfuse.BackendChoice;
import org.otfuse.FeatureKind;
import org.otfuse.FusionEngine;
import org.otfuse.InvalidInputException;
import org.otfuse.MarginalKind;
import org.otfuse.Metric;
import org.otfuse.ResidualPolicy;
import org.otfuse.Solver;
import org.otfuse.models.FusionWeights;
import org.otfuse.models.InvalidOptionException;
import org.otfuse.models.OnnxFusion;
import org.otfuse.models.closedform.CorrectionKind;
import org.otfuse.models.closedform.MergeKind;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options of every command that fuses models. */
final class FusionFlags {
  /** In place of a file; one of that name is ./noise. */
  private static final Path NOISE = Path.of("noise");

  @Option(
      names = "--calibration",
      paramLabel = "DATA.npz|noise",
      description =
          "Samples to run the models on, as array 'images' [N,...]; or noise where there is no"
              + " data.")
  private Optional<Path> calibration;

  @Option(
      names = "--features",
      paramLabel = "weights|activations",
      description =
          "What neurons are compared by; default activations with --calibration if there"
              + " are convolutions, else weights.")
  private Optional<FeatureKind> features;

  @Option(
      names = "--solver",
      paramLabel = "exact|sinkhorn|identity",
      description =
          "How couplings are found; default exact by weights, sinkhorn by activations. With"
              + " identity neurons stay where they are, to be moved by --sweeps alone.")
  private Optional<Solver> solver;

  @Option(
      names = "--epsilon",
      paramLabel = "X",
      description =
          "Sinkhorn's regularisation relative to the mean cost, 1e-6 to 1000; default "
              + OnnxFusion.EPSILON
              + ".")
  private Optional<Double> epsilon;

  @Option(
      names = "--tau",
      paramLabel = "X",
      description =
          "Relaxes the marginals of Sinkhorn's couplings: weight of the penalty on both, in"
              + " units of cost; default none, which holds them.")
  private Optional<Double> tau;

  @Option(
      names = "--annealing",
      paramLabel = "X",
      description =
          "Starts Sinkhorn with a larger epsilon and multiplies it by this in every"
              + " iteration; 0.9 saves iterations where epsilon is small; default none.")
  private Optional<Double> annealing;

  @Option(
      names = "--metric",
      paramLabel = "euclidean|sqeuclidean|cosine",
      description = "Distance between the features of neurons; default euclidean.")
  private Optional<Metric> metric;

  @Option(
      names = "--marginals",
      paramLabel = "uniform|l1|l2|activation",
      description =
          "Mass of a neuron: the same for all, the norm of its incoming weights, or the"
              + " deviation of its activations; default uniform.")
  private Optional<MarginalKind> marginals;

  @Option(
      names = "--residuals",
      paramLabel = "joint|first|mean",
      description =
          "How neurons that several layers add to are coupled: by all layers together, by"
              + " the first alone, or by the mean of one coupling a layer; default joint.")
  private Optional<ResidualPolicy> residuals;

  @Option(
      names = "--sweeps",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Sweeps of coordinate descent on the weights after the alignment, at most;"
              + " default ${DEFAULT-VALUE}.")
  private int sweeps;

  @Option(
      names = "--merge",
      paramLabel = "auto|transport|select",
      defaultValue = "auto",
      description =
          "How neurons become one network's: transport averages those that it aligns,"
              + " select keeps those of all models that explain most of what layers read; default"
              + " auto: select with --calibration, unless an option of the alignment or another"
              + " correction is given, many weights are tried, or neurons that layers read have"
              + " to stay in place.")
  private MergeKind merge;

  @Option(
      names = "--correction",
      paramLabel = "auto|none|reset|repair|refit",
      defaultValue = "auto",
      description =
          "What is done after merging: reset re-estimates BatchNormalization, repair scales"
              + " layers to the moments of the models, refit sets their weights by least squares;"
              + " default auto: refit with --calibration, but reset or repair where many weights"
              + " are tried or neurons stay in place.")
  private CorrectionKind correction;

  @Option(
      names = "--anchor",
      paramLabel = "I|auto",
      defaultValue = "0",
      converter = FusionFlags.AnchorIndex.class,
      description =
          "The model that the others are aligned to, counted from 0; with auto the one that"
              + " is nearest to all others; default ${DEFAULT-VALUE}.")
  private Anchor anchor;

  @Option(
      names = "--samples",
      paramLabel = "N",
      description =
          "Calibration samples that neurons are compared on; statistics take all; default "
              + OnnxFusion.SAMPLES
              + ".")
  private Optional<Integer> samples;

  @Option(
      names = "--backend",
      paramLabel = "auto|cuda|native|nd4j|java",
      defaultValue = "auto",
      description = "What does the numeric work; default ${DEFAULT-VALUE}.")
  private BackendChoice backend;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description =
          "Draws the samples that neurons are compared on and orders the sweeps; default "
              + OnnxFusion.SEED
              + ".")
  private Optional<Long> seed;

  FusionFlags() {}

  /** The fusion of some models, checked as far as it can be without reading them. */
  OnnxFusion fusion(List<Path> models, Optional<Path> test, FusionWeights weights) {
    OnnxFusion fusion = OnnxFusion.ofFiles(models);
    if (calibration.equals(Optional.of(NOISE))) {
      fusion.calibrationNoise();
    } else {
      calibration.ifPresent(fusion::calibration);
    }
    test.ifPresent(fusion::test);
    features.ifPresent(fusion::features);
    solver.ifPresent(fusion::solver);
    epsilon.ifPresent(fusion::epsilon);
    tau.ifPresent(fusion::tau);
    annealing.ifPresent(fusion::annealing);
    metric.ifPresent(fusion::metric);
    marginals.ifPresent(fusion::marginals);
    residuals.ifPresent(fusion::residuals);
    samples.ifPresent(fusion::samples);
    fusion.sweeps(sweeps).merge(merge).correction(correction).weights(weights);
    seed.ifPresent(fusion::seed);
    named(() -> fusion.anchor(anchor).check());
    requireBackendOfUse();
    return fusion;
  }

  /** Where merge is auto, a back end is for the case that neurons are aligned. */
  private void requireBackendOfUse() {
    boolean works = backend == BackendChoice.AUTO || backend == BackendChoice.JAVA;
    if (merge == MergeKind.SELECT && !works && !anchor.isAutomatic()) {
      throw new InvalidInputException(
          "--backend %s aligns and averages neurons and --merge select does neither, expected"
                  .formatted(backend.label())
              + " --merge transport or --backend java.");
    }
  }

  /** Notes what a fusion reads. */
  void reads(CommandFiles files, List<Path> models, Optional<Path> test) {
    models.forEach(model -> files.reads("one of the models", model));
    calibration
        .filter(data -> !data.equals(NOISE))
        .ifPresent(data -> files.reads("the data of --calibration", data));
    test.ifPresent(data -> files.reads("the data of --test", data));
  }

  /** An engine on the back end that was asked for. */
  FusionEngine engine() {
    return FusionEngine.open(backend);
  }

  /** Does something whose refusals name the options as they are typed. */
  static <T> T named(Supplier<T> work) {
    try {
      return work.get();
    } catch (InvalidOptionException e) {
      throw new InvalidInputException(e.named(FusionFlags::flag), e);
    }
  }

  private static String flag(String option) {
    return switch (option) {
      case "calibration data" -> "--calibration DATA.npz";
      case "test data" -> "--test DATA.npz";
      default -> "--" + option;
    };
  }

  /** Reads "auto" or numbers between commas. */
  static final class Weights implements ITypeConverter<FusionWeights> {
    @Override
    public FusionWeights convert(String text) {
      if (text.equals("auto")) {
        return FusionWeights.auto();
      }
      try {
        return FusionWeights.of(
            Arrays.stream(text.split(",", -1)).mapToDouble(Double::parseDouble).toArray());
      } catch (NumberFormatException e) {
        throw new TypeConversionException(
            "expected auto or numbers between commas but was '%s'".formatted(text));
      }
    }
  }

  /** Reads the index of a model, or "auto". */
  static final class AnchorIndex implements ITypeConverter<Anchor> {
    @Override
    public Anchor convert(String text) {
      if (text.equals("auto")) {
        return Anchor.automatic();
      }
      try {
        return Anchor.index(Integer.parseUnsignedInt(text));
      } catch (NumberFormatException e) {
        throw new TypeConversionException(
            "expected auto or the number of a model from 0 but was '%s'".formatted(text));
      }
    }
  }

  /** Whether neurons are to be aligned at all. */
  boolean aligns() {
    return !solver.equals(Optional.of(Solver.IDENTITY));
  }
}
