package org.otfuse.models.fusion;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.otfuse.BackendChoice;
import org.otfuse.FeatureKind;
import org.otfuse.FusionEngine;
import org.otfuse.FusionListener;
import org.otfuse.FusionOptions;
import org.otfuse.FusionResult;
import org.otfuse.GroupReport;
import org.otfuse.InvalidInputException;
import org.otfuse.StageSeconds;
import org.otfuse.models.Dataset;
import org.otfuse.models.InvalidOptionException;
import org.otfuse.models.OnnxFusionResult;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.WeightSearch;
import org.otfuse.models.closedform.ClosedFormResult;
import org.otfuse.models.closedform.CorrectionKind;
import org.otfuse.models.closedform.MergeKind;
import org.otfuse.models.closedform.Strategy;
import org.otfuse.spi.Backend;

/**
 * One fusion: read, capture activations, fuse, correct statistics, evaluate.
 *
 * @param request what is asked for
 * @param engine does the numeric work
 * @param stages hear how far it is and of the couplings
 */
public record FusionRun(FusionRequest request, FusionEngine engine, Stages stages) {
  /** A fused model and how it came about. */
  private record Fused(
      OnnxModel model,
      List<Double> weights,
      Strategy strategy,
      List<GroupReport> groups,
      Optional<ClosedFormResult> closedForm,
      StageSeconds seconds,
      double search,
      double correctionSeconds) {}

  /**
   * Fuses.
   *
   * @return the fused model and how it came about
   * @throws InvalidInputException if models, samples or options cannot be used
   */
  public OnnxFusionResult run() {
    long start = System.nanoTime();
    FusionInputs given = FusionInputs.read(request, stages);
    double data = since(start) - given.models().readSeconds() - given.models().compareSeconds();
    Strategy strategy = request.strategy(given.anchor());
    FeatureKind features = request.features(given.anchor());
    FusionOptions options = request.options(features, strategy);
    ComparedModels models = given.compared(request, features, stages);
    long anchorStart = System.nanoTime();
    double loaded = loadSeconds(given, models);
    FusionInputs inputs = given.withAnchor(engine, models, options, stages);
    double anchor = since(anchorStart) - (loadSeconds(given, models) - loaded);
    Fused fused = fuse(inputs, models, options, strategy);
    double untilFused = since(start);
    OnnxFusionResult.Seconds seconds =
        new OnnxFusionResult.Seconds(
            data + inputs.models().readSeconds(),
            inputs.models().compareSeconds(),
            models.captureSeconds() + fused.seconds.features(),
            fused.seconds.cost(),
            fused.seconds.solve(),
            fused.seconds.average(),
            anchor + fused.search,
            fused.correctionSeconds,
            0,
            untilFused);
    return result(inputs, fused, features, options, seconds);
  }

  /**
   * Chooses the anchor that a fusion would have, and fuses nothing.
   *
   * @return its index
   */
  public int chooseAnchor() {
    FusionInputs given = FusionInputs.read(request, stages);
    FeatureKind features = request.features(given.anchor());
    FusionOptions options = request.options(features, request.strategy(given.anchor()));
    ComparedModels models = given.compared(request, features, stages);
    return given.withAnchor(engine, models, options, stages).anchorIndex();
  }

  private OnnxFusionResult result(
      FusionInputs inputs,
      Fused fused,
      FeatureKind features,
      FusionOptions options,
      OnnxFusionResult.Seconds seconds) {
    Backend backend = engine.backend();
    boolean selected = fused.strategy.merge() == MergeKind.SELECT;
    return new OnnxFusionResult(
        fused.model,
        request.asked(),
        inputs.models().facts(),
        inputs.anchorIndex(),
        fused.weights,
        fused.strategy,
        features,
        options,
        fused.groups,
        fused.closedForm.map(ClosedFormResult::groups).orElse(List.of()),
        fused.closedForm.map(ClosedFormResult::layers).orElse(List.of()),
        inputs
            .test()
            .map(
                samples ->
                    new Measurement(samples, stages)
                        .of(inputs.models(), fused.model, fused.weights)),
        seconds,
        new OnnxFusionResult.Worker(
            selected ? BackendChoice.JAVA.label() : backend.name(),
            backend.version(),
            backend.device()),
        Stream.of(
                inputs.anchor().model().architecture().warnings(),
                fused.closedForm.map(ClosedFormResult::warnings).orElse(List.of()),
                noiseWarnings(inputs.anchor()))
            .flatMap(List::stream)
            .toList());
  }

  private List<String> noiseWarnings(OnnxModel anchor) {
    if (request.calibration().filter(Samples::isNoise).isEmpty()) {
      return List.of();
    }
    boolean residual =
        anchor.model().architecture().groups().stream()
            .anyMatch(group -> group.producers().size() > 1);
    return List.of(
        "The models were run on noise, no data was used."
            + (residual
                ? " Residual networks lose much by that: two ResNet18 of 92 % fused to 58 %."
                : ""));
  }

  private static double loadSeconds(FusionInputs inputs, ComparedModels models) {
    return inputs.models().readSeconds() + models.captureSeconds();
  }

  private Fused fuse(
      FusionInputs inputs, ComparedModels models, FusionOptions options, Strategy strategy) {
    if (strategy.correction() == CorrectionKind.REFIT) {
      return closedForm(inputs, models, options, strategy);
    }
    Correction correction = new Correction(strategy.correction(), inputs, stages);
    FusionListener hearing = correction.listener(stages.couplings());
    if (request.weights().isAutomatic()) {
      try (AlignedModels aligned =
          AlignedModels.of(engine, inputs, models, options.alignment(), stages, hearing)) {
        return choose(inputs, aligned, correction);
      }
    }
    FusionResult result =
        engine.fuse(
            models,
            options.toBuilder().anchor(inputs.anchorIndex()).build(),
            FusionListener.of(stages.stage("fusing")).and(hearing));
    List<Double> weights = options.weightsFor(models.size());
    OnnxModel fused = correction.apply(inputs.anchor().withTensors(result.model()), weights);
    return new Fused(
        fused,
        weights,
        strategy,
        result.groups(),
        Optional.empty(),
        result.seconds(),
        0,
        correction.seconds());
  }

  private Fused closedForm(
      FusionInputs inputs, ComparedModels models, FusionOptions options, Strategy strategy) {
    ClosedFormRun run = new ClosedFormRun(inputs, options, stages);
    List<Double> weights = options.weightsFor(models.size());
    if (strategy.merge() == MergeKind.SELECT) {
      long start = System.nanoTime();
      ClosedFormResult result = run.select();
      return new Fused(
          result.model(),
          weights,
          strategy,
          List.of(),
          Optional.of(result),
          new StageSeconds(0, 0, 0, 0),
          0,
          since(start));
    }
    ClosedFormRun.Aligned aligned = run.refit(engine, models);
    return new Fused(
        aligned.refit().model(),
        weights,
        strategy,
        aligned.alignment().groups(),
        Optional.of(aligned.refit()),
        aligned.alignment().seconds(),
        0,
        aligned.seconds());
  }

  /**
   * Takes the weights, and where it is open the statistics, that lose least on labelled samples.
   */
  private Fused choose(FusionInputs inputs, AlignedModels aligned, Correction correction) {
    long start = System.nanoTime();
    Measurement measurement = new Measurement(labelled(inputs), stages);
    WeightSearch.Found found =
        WeightSearch.search(
            inputs.models().size(),
            weights -> loss(measurement, correction.apply(aligned.average(weights), weights)));
    boolean corrected =
        request.strategy().correction() != CorrectionKind.AUTO
            || loss(measurement, aligned.average(found.weights())) >= found.loss();
    double search = since(start);
    long averageStart = System.nanoTime();
    OnnxModel average = aligned.average(found.weights());
    StageSeconds stage = aligned.seconds();
    StageSeconds seconds =
        new StageSeconds(
            stage.features(), stage.cost(), stage.solve(), stage.average() + since(averageStart));
    long correctionStart = System.nanoTime();
    OnnxModel fused = corrected ? correction.apply(average, found.weights()) : average;
    return new Fused(
        fused,
        found.weights(),
        new Strategy(MergeKind.TRANSPORT, corrected ? correction.mode() : CorrectionKind.NONE),
        aligned.groups(),
        Optional.empty(),
        seconds,
        search,
        since(correctionStart));
  }

  private static Dataset labelled(FusionInputs inputs) {
    return inputs
        .calibration()
        .filter(Dataset::hasLabels)
        .orElseThrow(
            () ->
                new InvalidOptionException(
                    "{weights} auto compares losses, expected labelled samples by {calibration"
                        + " data} with 'labels' [N]."));
  }

  private static double loss(Measurement measurement, OnnxModel model) {
    return measurement.score(model, "loss").loss();
  }

  private static double since(long start) {
    return (System.nanoTime() - start) / 1e9;
  }
}
