package org.otfuse.models.fusion;

import java.util.List;
import java.util.Optional;
import org.otfuse.Anchor;
import org.otfuse.FeatureKind;
import org.otfuse.FusionOptions;
import org.otfuse.MarginalKind;
import org.otfuse.NeuronGroup;
import org.otfuse.Producer;
import org.otfuse.Solver;
import org.otfuse.models.FusionWeights;
import org.otfuse.models.InvalidOptionException;
import org.otfuse.models.OnnxFusion;
import org.otfuse.models.OnnxFusionResult;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.closedform.CorrectionKind;
import org.otfuse.models.closedform.MergeKind;
import org.otfuse.models.closedform.Strategy;

/**
 * A fusion that is asked for.
 *
 * @param models in order
 * @param calibration samples to run the models on
 * @param test labelled samples to measure accuracy on
 * @param features what neurons are compared by; empty leaves it to the kind of network
 * @param alignment how neurons are aligned
 * @param weights of the average
 * @param anchor the model that the others are aligned to
 * @param strategy how they are merged and corrected
 * @param samples most calibration samples whose activations are features; else {@link
 *     OnnxFusion#SAMPLES}
 * @param seed draws those samples and orders the sweeps of coordinate descent; else {@link
 *     OnnxFusion#SEED}
 */
public record FusionRequest(
    List<Parent> models,
    Optional<Samples> calibration,
    Optional<Samples> test,
    Optional<FeatureKind> features,
    AlignmentChoice alignment,
    FusionWeights weights,
    Anchor anchor,
    Strategy strategy,
    Optional<Integer> samples,
    Optional<Long> seed) {
  /** Checks what can be checked before files are read. */
  public FusionRequest {
    models = List.copyOf(models);
    if (models.size() < 2) {
      throw new InvalidOptionException(
          "%s models were given, expected two or more.", models.size());
    }
    if (features.equals(Optional.of(FeatureKind.ACTIVATIONS)) && calibration.isEmpty()) {
      throw new InvalidOptionException(
          "{features} activations needs samples to run the models on, expected {calibration"
              + " data}.");
    }
    int index = anchor.index().orElse(0);
    if (index >= models.size()) {
      throw new InvalidOptionException(
          "{anchor} is %s, expected 0 to %s.", index, models.size() - 1);
    }
    alignment
        .options(calibration.isPresent() ? Solver.SINKHORN : Solver.EXACT)
        .weights(numbers(weights))
        .anchor(anchor)
        .build()
        .weightsFor(models.size());
    if (strategy.merge() == MergeKind.SELECT && (features.isPresent() || alignment.isGiven())) {
      throw new InvalidOptionException(
          "{merge} select does not align neurons, expected no option of the alignment or {merge}"
              + " transport.");
    }
    if (samples.orElse(OnnxFusion.SAMPLES) < 1) {
      throw new InvalidOptionException(
          "{samples} is %s, expected 1 or above.", samples.orElseThrow());
    }
    if (samples.isPresent() && calibration.isEmpty()) {
      throw new InvalidOptionException(
          "{samples} is about calibration samples, expected {calibration data}.");
    }
  }

  private static double[] numbers(FusionWeights weights) {
    return weights.values().stream().mapToDouble(Double::doubleValue).toArray();
  }

  /** What a result tells of this. */
  OnnxFusionResult.Asked asked() {
    return new OnnxFusionResult.Asked(
        anchor.isAutomatic(),
        weights.isAutomatic(),
        calibration.map(Samples::name),
        test.map(Samples::name),
        sampleLimit(),
        drawnBy());
  }

  /** How the models are merged and corrected. */
  Strategy strategy(OnnxModel anchor) {
    if (weights.isAutomatic()) {
      return strategyForManyWeights(anchor);
    }
    boolean transport =
        strategy.merge() == MergeKind.AUTO && (features.isPresent() || alignment.isGiven());
    return (transport ? new Strategy(MergeKind.TRANSPORT, strategy.correction()) : strategy)
        .resolve(anchor, calibration.isPresent());
  }

  /** The same where many vectors of weights are tried. */
  Strategy strategyForManyWeights(OnnxModel anchor) {
    return strategy.resolveForManyWeights(anchor, calibration.isPresent());
  }

  /** The same with hard maps for equal widths, if no solver was asked for. */
  public FusionRequest withHardMaps() {
    return new FusionRequest(
        models,
        calibration,
        test,
        features,
        alignment.orSolver(Solver.EXACT),
        weights,
        anchor,
        strategy,
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

  /** Most samples that neurons are compared on. */
  int sampleLimit() {
    return samples.orElse(OnnxFusion.SAMPLES);
  }

  /** What draws samples and orders sweeps. */
  long drawnBy() {
    return seed.orElse(OnnxFusion.SEED);
  }

  /**
   * How models are aligned and averaged.
   *
   * @param kind the features that neurons are compared by
   * @param resolved how models are merged and corrected
   * @throws InvalidOptionException if an option would have no effect
   */
  FusionOptions options(FeatureKind kind, Strategy resolved) {
    boolean activations = kind == FeatureKind.ACTIVATIONS;
    if (alignment.marginals().equals(Optional.of(MarginalKind.ACTIVATION)) && !activations) {
      throw new InvalidOptionException(
          "{marginals} activation weighs neurons by their activations and the features are weights,"
              + " expected {features} activations.");
    }
    FusionOptions options =
        alignment
            .options(activations ? Solver.SINKHORN : Solver.EXACT)
            .seed(drawnBy())
            .weights(numbers(weights))
            .anchor(anchor)
            .build();
    AlignmentChoice.requireCouplings(
        features, "{features} says what neurons are compared by", options.alignment().solver());
    boolean aligned = resolved.merge() != MergeKind.SELECT || anchor.isAutomatic();
    boolean compared = aligned && activations && options.alignment().solver() != Solver.IDENTITY;
    requireSamplesOfUse(compared, resolved.correction() != CorrectionKind.NONE);
    if (seed.isPresent() && !compared && options.alignment().sweeps() == 0) {
      throw new InvalidOptionException(
          "{seed} draws the samples that neurons are compared on and orders sweeps, and here is"
              + " neither, expected {features} activations or {sweeps}.");
    }
    return options;
  }

  private void requireSamplesOfUse(boolean compared, boolean corrected) {
    if (samples.isPresent() && !compared) {
      throw new InvalidOptionException(
          "{samples} says how many samples neurons are compared on and they are not compared by"
              + " activations, expected {features} activations.");
    }
    if (calibration.isPresent() && !compared && !corrected && !weights.isAutomatic()) {
      throw new InvalidOptionException(
          "{calibration} %s has no use: neurons are not compared by activations, the weights are"
              + " given and {correction} is none.",
          calibration.get().name());
    }
  }
}
