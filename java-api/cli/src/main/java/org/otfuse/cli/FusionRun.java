package org.otfuse.cli;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.otfuse.FeatureKind;
import org.otfuse.FusionEngine;
import org.otfuse.FusionObserver;
import org.otfuse.FusionOptions;
import org.otfuse.FusionResult;
import org.otfuse.GroupReport;
import org.otfuse.InvalidInputException;
import org.otfuse.StageSeconds;
import org.otfuse.models.AtomicFile;
import org.otfuse.models.Dataset;
import org.otfuse.models.OnnxModel;

/**
 * One fusion from files to file: read, capture activations, fuse, correct statistics, write,
 * evaluate.
 */
final class FusionRun implements AutoCloseable {
  private final FusionRequest request;
  private final FusionEngine engine;
  private final Bars bars = new Bars();
  private final Optional<ReportTarget> page;
  private final Optional<CouplingPictures> pictures;

  /** A fused model and how it came about. */
  private record Fused(
      OnnxModel model,
      List<Double> weights,
      StatisticsMode statistics,
      List<GroupReport> groups,
      StageSeconds seconds,
      double search,
      double statisticsSeconds) {}

  private FusionRun(FusionRequest request, Optional<ReportTarget> page) {
    this.request = request;
    this.engine = FusionEngine.open(request.backend());
    this.page = page;
    this.pictures = page.map(target -> new CouplingPictures());
  }

  /**
   * Runs the request, writes the model, and a page about it where one is asked for.
   *
   * @param command knows of these two and hears of what is read
   */
  static FusionReport run(
      FusionRequest request, CommandFiles command, Path output, Optional<ReportTarget> page) {
    try (FusionRun run = new FusionRun(request, page)) {
      return run.run(command, output);
    }
  }

  private FusionReport run(CommandFiles command, Path output) {
    long start = System.nanoTime();
    FusionInputs files = FusionInputs.read(request, command);
    double data = since(start) - files.files().readSeconds() - files.files().compareSeconds();
    StatisticsMode mode =
        request.statistics().resolve(files.anchor(), files.calibration().isPresent());
    FeatureKind features = request.features(files.anchor());
    FusionOptions options = request.options(features, mode);
    ComparedModels models = files.compared(request, features, bars);
    long anchorStart = System.nanoTime();
    double loaded = loadSeconds(files, models);
    FusionInputs inputs = files.withAnchor(engine, models, options, bars);
    double anchor = since(anchorStart) - (loadSeconds(files, models) - loaded);
    Fused fused = fuse(inputs, models, options, mode);
    double untilFused = since(start);
    double read = data + inputs.files().readSeconds();
    Optional<FusionReport.Accuracy> accuracy =
        inputs
            .test()
            .map(
                samples ->
                    new Accuracies(bars, samples)
                        .measure(inputs.files(), fused.model, fused.weights));
    FusionReport report =
        report(
            inputs,
            fused,
            accuracy,
            new FusionReport.Seconds(
                read,
                inputs.files().compareSeconds(),
                models.captureSeconds() + fused.seconds.features(),
                fused.seconds.cost(),
                fused.seconds.solve(),
                fused.seconds.average(),
                anchor + fused.search,
                fused.statisticsSeconds,
                0,
                untilFused));
    return page.isEmpty()
        ? report.written(write(fused.model, output))
        : writeBoth(
            fused.model,
            new FusionStory(
                request,
                options,
                features,
                inputs,
                output,
                pictures.orElseThrow(),
                engine.backend(),
                page.orElseThrow().command(),
                report));
  }

  private FusionReport report(
      FusionInputs inputs,
      Fused fused,
      Optional<FusionReport.Accuracy> accuracy,
      FusionReport.Seconds seconds) {
    return new FusionReport(
        engine.backend().name(),
        inputs.anchorIndex(),
        fused.weights,
        fused.statistics.label(),
        seconds,
        fused.groups.stream().map(FusionReport.Group::of).toList(),
        accuracy.orElse(null),
        inputs.anchor().model().architecture().warnings());
  }

  private static double write(OnnxModel model, Path output) {
    long start = System.nanoTime();
    model.write(output);
    return since(start);
  }

  /**
   * Writes the model while the page is under way: without a place for the page there is no model,
   * and without the model no page.
   */
  private FusionReport writeBoth(OnnxModel model, FusionStory story) {
    AtomicReference<FusionReport> report = new AtomicReference<>();
    AtomicFile.write(
        page.orElseThrow().file(),
        out -> {
          report.set(story.report().written(write(model, story.output())));
          String text = new ReportPage(story.withReport(report.get())).text();
          out.write(text.getBytes(StandardCharsets.UTF_8));
        });
    return report.get();
  }

  private static double loadSeconds(FusionInputs inputs, ComparedModels models) {
    return inputs.files().readSeconds() + models.captureSeconds();
  }

  private Fused fuse(
      FusionInputs inputs, ComparedModels models, FusionOptions options, StatisticsMode mode) {
    Correction correction = new Correction(mode, inputs, bars);
    Optional<FusionObserver> observer = correction.observer(pictures);
    if (request.weights().auto()) {
      try (AlignedModels aligned =
          AlignedModels.of(engine, inputs, models, options, bars, observer)) {
        return choose(inputs, aligned, correction);
      }
    }
    FusionResult result =
        engine.fuse(
            models, options.withAnchor(inputs.anchorIndex()), bars.stage("fusing"), observer);
    List<Double> weights = options.weightsFor(models.size());
    OnnxModel fused = correction.apply(inputs.anchor().withTensors(result.model()), weights);
    return new Fused(
        fused, weights, mode, result.groups(), result.seconds(), 0, correction.seconds());
  }

  /**
   * Takes the weights, and where it is open the statistics, that lose least on labelled samples.
   */
  private Fused choose(FusionInputs inputs, AlignedModels aligned, Correction correction) {
    long start = System.nanoTime();
    Dataset samples =
        inputs
            .calibration()
            .filter(Dataset::hasLabels)
            .orElseThrow(
                () ->
                    new InvalidInputException(
                        "--weights auto compares losses, expected labelled samples by --calibration"
                            + " DATA.npz with 'labels' [N]."));
    Losses losses = new Losses(samples, bars);
    WeightSearch.Found found =
        WeightSearch.search(
            inputs.files().size(),
            weights -> losses.of(correction.apply(aligned.average(weights), weights)));
    boolean corrected =
        request.statistics() != StatisticsMode.AUTO
            || losses.of(aligned.average(found.weights())) >= found.loss();
    double search = since(start);
    long averageStart = System.nanoTime();
    OnnxModel average = aligned.average(found.weights());
    StageSeconds stages = aligned.seconds();
    StageSeconds seconds =
        new StageSeconds(
            stages.features(),
            stages.cost(),
            stages.solve(),
            stages.average() + since(averageStart));
    long correctionStart = System.nanoTime();
    OnnxModel fused = corrected ? correction.apply(average, found.weights()) : average;
    return new Fused(
        fused,
        found.weights(),
        corrected ? correction.mode() : StatisticsMode.NONE,
        aligned.groups(),
        seconds,
        search,
        since(correctionStart));
  }

  private static double since(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  @Override
  public void close() {
    bars.close();
    engine.close();
  }
}
