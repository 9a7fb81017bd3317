package org.otfuse.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.otfuse.Anchor;
import org.otfuse.BackendChoice;
import org.otfuse.FeatureKind;
import org.otfuse.FusionOptions;
import org.otfuse.InvalidInputException;
import org.otfuse.MarginalKind;
import org.otfuse.NeuronGroup;
import org.otfuse.Producer;
import org.otfuse.Solver;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.closedform.CorrectionKind;
import org.otfuse.models.closedform.MergeKind;
import org.otfuse.models.closedform.Strategy;

/**
 * A fusion that is asked for.
 *
 * @param models the files, in order
 * @param calibration samples to run the models on
 * @param test labelled samples to measure accuracy on
 * @param features what neurons are compared by; empty leaves it to the kind of network
 * @param alignment how neurons are aligned
 * @param weights of the average
 * @param anchor the model that the others are aligned to
 * @param strategy how they are merged and corrected
 * @param backend what does the numeric work
 * @param samples most calibration samples whose activations are features; else {@link #SAMPLES}
 * @param seed draws those samples and orders the sweeps of coordinate descent; else {@link #SEED}
 */
record FusionRequest(
    List<Path> models,
    Optional<Path> calibration,
    Optional<Path> test,
    Optional<FeatureKind> features,
    AlignmentChoice alignment,
    WeightsChoice weights,
    Anchor anchor,
    Strategy strategy,
    BackendChoice backend,
    Optional<Integer> samples,
    Optional<Long> seed) {
  /** How many samples neurons are compared on where no number is given. */
  static final int SAMPLES = 200;

  /** What draws samples and orders sweeps where no number is given. */
  static final long SEED = 0;

  /** Checks what can be checked before files are read. */
  FusionRequest {
    if (features.equals(Optional.of(FeatureKind.ACTIVATIONS)) && calibration.isEmpty()) {
      throw new InvalidInputException(
          "--features activations needs samples to run the models on, expected --calibration"
              + " DATA.npz.");
    }
    if (anchor.index().orElse(0) >= models.size()) {
      throw new InvalidInputException(
          "--anchor is %d, expected 0 to %d."
              .formatted(anchor.index().getAsInt(), models.size() - 1));
    }
    alignment
        .options(calibration.isPresent() ? Solver.SINKHORN : Solver.EXACT)
        .weights(weights.values())
        .anchor(anchor)
        .build()
        .weightsFor(models.size());
    if (strategy.merge() == MergeKind.SELECT && asksForAlignment(alignment, features)) {
      throw new InvalidInputException(
          "--merge select does not align neurons, expected no option of the alignment or --merge"
              + " transport.");
    }
    requireBackendOfUse(strategy, backend, anchor);
    if (samples.orElse(SAMPLES) < 1) {
      throw new InvalidInputException(
          "--samples is %d, expected 1 or above.".formatted(samples.get()));
    }
    if (samples.isPresent() && calibration.isEmpty()) {
      throw new InvalidInputException(
          "--samples is about calibration samples, expected --calibration DATA.npz.");
    }
  }

  /** Where merge is auto, a back end is for the case that neurons are aligned. */
  private static void requireBackendOfUse(Strategy strategy, BackendChoice backend, Anchor anchor) {
    boolean works = backend == BackendChoice.AUTO || backend == BackendChoice.JAVA;
    if (strategy.merge() == MergeKind.SELECT && !works && !anchor.isAutomatic()) {
      throw new InvalidInputException(
          "--backend %s aligns and averages neurons and --merge select does neither, expected --merge transport or --backend java."
              .formatted(backend.label()));
    }
  }

  private static boolean asksForAlignment(
      AlignmentChoice alignment, Optional<FeatureKind> features) {
    return features.isPresent() || !alignment.equals(AlignmentChoice.DEFAULTS);
  }

  /** How the models are merged and corrected, where only one vector of weights is tried. */
  Strategy strategy(OnnxModel anchor) {
    boolean transport = strategy.merge() == MergeKind.AUTO && asksForAlignment(alignment, features);
    return (transport ? new Strategy(MergeKind.TRANSPORT, strategy.correction()) : strategy)
        .resolve(anchor, calibration.isPresent());
  }

  /** The same where many are. */
  Strategy strategyForManyWeights(OnnxModel anchor) {
    return strategy.resolveForManyWeights(anchor, calibration.isPresent());
  }

  /** The same with hard maps for equal widths, if no solver was asked for. */
  FusionRequest withHardMaps() {
    return new FusionRequest(
        models,
        calibration,
        test,
        features,
        alignment.orSolver(Solver.EXACT),
        weights,
        anchor,
        strategy,
        backend,
        samples,
        seed);
  }

  /**
   * What neurons of a network are compared by. Activations know more than weights where every image
   * gives a neuron many of them, that is in convolutions; elsewhere weights were measured to be
   * better.
   */
  FeatureKind features(OnnxModel anchor) {
    boolean positions =
        anchor.model().architecture().groups().stream()
            .map(NeuronGroup::producers)
            .flatMap(List::stream)
            .mapToInt(Producer::weight)
            .anyMatch(w -> anchor.model().architecture().tensors().get(w).shape().size() > 2);
    return features.orElse(
        calibration.isPresent() && positions ? FeatureKind.ACTIVATIONS : FeatureKind.WEIGHTS);
  }

  /**
   * How models are aligned and averaged.
   *
   * @param kind the features that neurons are compared by
   * @param strategy how models are merged and corrected
   * @throws InvalidInputException if an option would have no effect
   */
  FusionOptions options(FeatureKind kind, Strategy strategy) {
    boolean activations = kind == FeatureKind.ACTIVATIONS;
    if (alignment.marginals().equals(Optional.of(MarginalKind.ACTIVATION)) && !activations) {
      throw new InvalidInputException(
          "--marginals activation weighs neurons by their activations and the features are weights,"
              + " expected --features activations.");
    }
    FusionOptions options =
        alignment
            .options(activations ? Solver.SINKHORN : Solver.EXACT)
            .seed(seed.orElse(SEED))
            .weights(weights.values())
            .anchor(anchor)
            .build();
    AlignmentChoice.requireCouplings(
        features, "--features says what neurons are compared by", options.alignment().solver());
    boolean aligned = strategy.merge() != MergeKind.SELECT || anchor.isAutomatic();
    boolean compared = aligned && activations && options.alignment().solver() != Solver.IDENTITY;
    requireSamplesOfUse(compared, strategy.correction() != CorrectionKind.NONE);
    if (seed.isPresent() && !compared && options.alignment().sweeps() == 0) {
      throw new InvalidInputException(
          "--seed draws the samples that neurons are compared on and orders sweeps, and here is neither, expected --features activations or --sweeps.");
    }
    return options;
  }

  private void requireSamplesOfUse(boolean compared, boolean corrected) {
    if (samples.isPresent() && !compared) {
      throw new InvalidInputException(
          "--samples says how many samples neurons are compared on and they are not compared by"
              + " activations, expected --features activations.");
    }
    if (calibration.isPresent() && !compared && !corrected && !weights.auto()) {
      throw new InvalidInputException(
          "--calibration %s has no use: neurons are not compared by activations, the weights are"
                  .formatted(calibration.get())
              + " given and --correction is none.");
    }
  }
}
