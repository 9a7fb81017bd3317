package org.otfuse.models.fusion;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.otfuse.AlignmentOptions;
import org.otfuse.Coupling;
import org.otfuse.FusionAccumulator;
import org.otfuse.FusionEngine;
import org.otfuse.FusionListener;
import org.otfuse.FusionOptions;
import org.otfuse.FusionResult;
import org.otfuse.GroupReport;
import org.otfuse.Model;
import org.otfuse.Progress;
import org.otfuse.StageSeconds;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.file.TemporaryFolder;

/**
 * Models aligned with the anchor once, to be averaged with many weights. They wait in temporary
 * files, so that memory does not grow with their number. Not thread-safe.
 */
final class AlignedModels implements AutoCloseable {
  private final OnnxModel anchor;
  private final int anchorIndex;
  private final TemporaryFolder folder = TemporaryFolder.create();
  private final Recent<Model> recent = new Recent<>(k -> OnnxModel.read(file(k)).model());
  private final List<GroupReport> groups = new ArrayList<>();
  private StageSeconds seconds = new StageSeconds(0, 0, 0, 0);

  private AlignedModels(FusionInputs inputs) {
    this.anchor = inputs.anchor();
    this.anchorIndex = inputs.anchorIndex();
  }

  /**
   * Aligns the models.
   *
   * @param models how they are compared
   * @param options how
   * @param listener hears of the couplings, model after model
   */
  static AlignedModels of(
      FusionEngine engine,
      FusionInputs inputs,
      ComparedModels models,
      AlignmentOptions options,
      Stages stages,
      FusionListener listener) {
    AlignedModels aligned = new AlignedModels(inputs);
    try {
      Progress progress = stages.stage("aligning");
      for (int k = 0; k < models.size(); k++) {
        if (k != aligned.anchorIndex) {
          aligned.align(engine, models, k, options, listener);
        }
        progress.step(k + 1, models.size());
      }
    } catch (RuntimeException | Error e) {
      aligned.close();
      throw e;
    }
    return aligned;
  }

  /** Fuses a model with the anchor, all weight on the model. */
  private void align(
      FusionEngine engine,
      ComparedModels models,
      int k,
      AlignmentOptions options,
      FusionListener listener) {
    FusionOptions onto = FusionOptions.builder().alignment(options).weights(1, 0).anchor(1).build();
    FusionResult result =
        engine.fuse(
            models.pair(k, anchorIndex),
            onto,
            new FusionListener() {
              @Override
              public void coupled(GroupReport report, Supplier<Coupling> coupling) {
                listener.coupled(ofModel(k, report), coupling);
              }

              @Override
              public boolean cancelled() {
                return listener.cancelled();
              }
            });
    anchor.withTensors(result.model()).write(file(k));
    result.groups().forEach(report -> groups.add(ofModel(k, report)));
    StageSeconds more = result.seconds();
    seconds =
        new StageSeconds(
            seconds.features() + more.features(),
            seconds.cost() + more.cost(),
            seconds.solve() + more.solve(),
            seconds.average() + more.average());
  }

  private static GroupReport ofModel(int k, GroupReport report) {
    return new GroupReport(
        k,
        report.name(),
        report.size(),
        report.sourceSize(),
        report.solver(),
        report.transport(),
        report.seconds());
  }

  private Path file(int k) {
    return folder.path().resolve(k + ".onnx");
  }

  /** How each group of each model was aligned. */
  List<GroupReport> groups() {
    return groups;
  }

  /** Where the time of the alignment went. */
  StageSeconds seconds() {
    return seconds;
  }

  /** The weighted average, one weight a model. */
  OnnxModel average(List<Double> weights) {
    FusionAccumulator sum = FusionAccumulator.of(anchor.model());
    for (int k = 0; k < weights.size(); k++) {
      if (weights.get(k) > 0) {
        sum.add(k == anchorIndex ? anchor.model() : recent.get(k), weights.get(k));
      }
    }
    return anchor.withTensors(sum.finish());
  }

  @Override
  public void close() {
    folder.close();
  }
}
