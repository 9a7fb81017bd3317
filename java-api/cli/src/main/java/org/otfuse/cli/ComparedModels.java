package org.otfuse.cli;

import java.util.Optional;
import org.otfuse.Activations;
import org.otfuse.Model;
import org.otfuse.ModelSource;
import org.otfuse.models.Dataset;
import org.otfuse.models.OnnxActivations;
import org.otfuse.models.OnnxModel;

/** Model files as an engine takes them, with what they compute if that is compared. */
final class ComparedModels implements ModelSource {
  private final ModelFiles files;
  private final Optional<Recent<OnnxActivations>> activations;
  private double captureSeconds;

  /** Models that are compared by what they compute on samples, or by weights without samples. */
  ComparedModels(ModelFiles files, Optional<Dataset> samples, Bars bars) {
    this.files = files;
    this.activations = samples.map(data -> new Recent<>(k -> timed(files.get(k), data, bars)));
  }

  private OnnxActivations timed(OnnxModel file, Dataset data, Bars bars) {
    long start = System.nanoTime();
    OnnxActivations captured = capture(file, data, bars);
    captureSeconds += (System.nanoTime() - start) / 1e9;
    return captured;
  }

  /** What a model computes on samples. */
  static OnnxActivations capture(OnnxModel file, Dataset data, Bars bars) {
    return OnnxActivations.capture(
        file.toBytes(),
        file.model().name(),
        file.model().architecture(),
        data,
        OnnxActivations.DEFAULT_BUDGET,
        bars.stage("activations of " + file.model().name()));
  }

  @Override
  public int size() {
    return files.size();
  }

  @Override
  public Model model(int index) {
    return files.get(index).model();
  }

  @Override
  public Optional<Activations> activations(int index) {
    return activations.map(recent -> recent.get(index));
  }

  /** A model and then an anchor, alone. */
  ModelSource pair(int model, int anchor) {
    return new ModelSource() {
      @Override
      public int size() {
        return 2;
      }

      @Override
      public Model model(int index) {
        return ComparedModels.this.model(index == 0 ? model : anchor);
      }

      @Override
      public Optional<Activations> activations(int index) {
        return ComparedModels.this.activations(index == 0 ? model : anchor);
      }
    };
  }

  /** Time that running the models took so far. */
  double captureSeconds() {
    return captureSeconds;
  }
}
