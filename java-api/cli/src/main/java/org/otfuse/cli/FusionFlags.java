package org.otfuse.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.otfuse.BackendChoice;
import org.otfuse.FeatureKind;
import org.otfuse.MarginalKind;
import org.otfuse.Metric;
import org.otfuse.ResidualPolicy;
import org.otfuse.Solver;
import org.otfuse.models.closedform.CorrectionKind;
import org.otfuse.models.closedform.MergeKind;
import org.otfuse.models.closedform.Strategy;
import picocli.CommandLine.Option;

/** The options of every command that fuses models. */
final class FusionFlags {
  @Option(
      names = "--calibration",
      paramLabel = "DATA.npz",
      description = "Samples to run the models on, as array 'images' [N,...].")
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
              + AlignmentChoice.EPSILON
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
      converter = AnchorConverter.class,
      description =
          "The model that the others are aligned to, counted from 0; with auto the one that"
              + " is nearest to all others; default ${DEFAULT-VALUE}.")
  private int anchor;

  @Option(
      names = "--samples",
      paramLabel = "N",
      description =
          "Calibration samples that neurons are compared on; statistics take all; default "
              + FusionRequest.SAMPLES
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
      defaultValue = "0",
      description =
          "Draws the calibration samples and orders the sweeps; default ${DEFAULT-VALUE}.")
  private long seed;

  FusionFlags() {}

  /** The fusion of some models. */
  FusionRequest request(List<Path> models, Optional<Path> test, WeightsChoice weights) {
    return new FusionRequest(
        models,
        calibration,
        test,
        features,
        new AlignmentChoice(metric, marginals, residuals, solver, epsilon, tau, annealing, sweeps),
        weights,
        anchor,
        new Strategy(merge, correction),
        backend,
        samples,
        seed);
  }
}
