package org.otfuse.cli;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.otfuse.BackendChoice;
import org.otfuse.FeatureKind;
import org.otfuse.FusionEngine;
import org.otfuse.FusionObserver;
import org.otfuse.FusionOptions;
import org.otfuse.FusionResult;
import org.otfuse.GroupReport;
import org.otfuse.InvalidInputException;
import org.otfuse.Solver;
import org.otfuse.StageSeconds;
import org.otfuse.models.Dataset;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.closedform.ClosedFormResult;
import org.otfuse.models.closedform.CorrectionKind;
import org.otfuse.models.closedform.MergeKind;
import org.otfuse.models.closedform.Strategy;
import org.otfuse.models.file.AtomicFile;

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
      Strategy strategy,
      List<GroupReport> groups,
      Optional<ClosedFormResult> closedForm,
      StageSeconds seconds,
      double search,
      double correctionSeconds) {
    boolean isSelected() {
      return strategy.merge() == MergeKind.SELECT;
    }
  }

  private FusionRun(FusionRequest request, Optional<ReportTarget> page) {
    this.request = request;
    this.engine = FusionEngine.open(request.backend());
    this.page = page;
    this.pictures = page.map(target -> new CouplingPictures());
  }

  /**
   * Runs the request, writes the model, and a page about it where one is asked for.
   *
   * @param demands what has to be so that anything is written
   * @param command knows of these two and hears of what is read
   */
  static FusionReport run(
      FusionRequest request,
      FusionDemands demands,
      CommandFiles command,
      Path output,
      Optional<ReportTarget> page) {
    try (FusionRun run = new FusionRun(request, page)) {
      return run.run(demands, command, output);
    }
  }

  private FusionReport run(FusionDemands demands, CommandFiles command, Path output) {
    long start = System.nanoTime();
    FusionInputs files = FusionInputs.read(request, command);
    double data = since(start) - files.files().readSeconds() - files.files().compareSeconds();
    Strategy strategy =
        request.weights().auto()
            ? request.strategyForManyWeights(files.anchor())
            : request.strategy(files.anchor());
    FeatureKind features = request.features(files.anchor());
    FusionOptions options = request.options(features, strategy);
    ComparedModels models = files.compared(request, features, bars);
    long anchorStart = System.nanoTime();
    double loaded = loadSeconds(files, models);
    FusionInputs inputs = files.withAnchor(engine, models, options, bars);
    double anchor = since(anchorStart) - (loadSeconds(files, models) - loaded);
    Fused fused = fuse(inputs, models, options, strategy);
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
                fused.correctionSeconds,
                0,
                untilFused));
    demands.check(report);
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
        fused.isSelected() ? BackendChoice.JAVA.label() : engine.backend().name(),
        inputs.anchorIndex(),
        fused.weights,
        Choice.label(fused.strategy.merge()),
        Choice.label(fused.strategy.correction()),
        seconds,
        fused.groups.stream().map(FusionReport.Group::of).toList(),
        fused.closedForm.map(ClosedFormResult::groups).orElse(List.of()),
        fused.closedForm.map(ClosedFormResult::layers).orElse(List.of()).stream()
            .map(FusionReport.Layer::of)
            .toList(),
        accuracy.orElse(null),
        Stream.concat(
                inputs.anchor().model().architecture().warnings().stream(),
                fused.closedForm.map(ClosedFormResult::warnings).orElse(List.of()).stream())
            .toList(),
        AlignedShare.of(inputs.anchor().model().architecture().groups(), moved(fused)));
  }

  /** Names of the groups that did not keep their order for want of a coupling. */
  private static Set<String> moved(Fused fused) {
    Set<String> moved = new HashSet<>();
    fused.closedForm.ifPresent(
        closedForm -> closedForm.groups().forEach(group -> moved.add(group.name())));
    fused.groups.forEach(group -> moved.add(group.name()));
    fused.groups.stream()
        .filter(group -> group.solver().equals(Choice.label(Solver.IDENTITY)))
        .forEach(group -> moved.remove(group.name()));
    return moved;
  }

  private static double write(OnnxModel model, Path output) {
    long start = System.nanoTime();
    model.write(output);
    return since(start);
  }

  /**
   * Writes the model while the page is under way: where no page can be begun there is no model, and
   * without the model no page. A page that then cannot be finished leaves the model.
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
      FusionInputs inputs, ComparedModels models, FusionOptions options, Strategy strategy) {
    if (strategy.correction() == CorrectionKind.REFIT) {
      return closedForm(inputs, models, options, strategy);
    }
    Correction correction = new Correction(strategy.correction(), inputs, bars);
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
    ClosedFormRun run = new ClosedFormRun(inputs, options, bars);
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
    ClosedFormRun.Aligned aligned =
        run.refit(engine, models, pictures.map(FusionObserver.class::cast));
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
        request.strategy().correction() != CorrectionKind.AUTO
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
        new Strategy(MergeKind.TRANSPORT, corrected ? correction.mode() : CorrectionKind.NONE),
        aligned.groups(),
        Optional.empty(),
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
