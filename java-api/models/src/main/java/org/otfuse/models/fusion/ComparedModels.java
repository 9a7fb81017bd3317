package org.otfuse.models.fusion;

import java.util.Optional;
import org.otfuse.Activations;
import org.otfuse.Model;
import org.otfuse.ModelSource;
import org.otfuse.models.Dataset;
import org.otfuse.models.OnnxActivations;
import org.otfuse.models.OnnxModel;

/** Models as an engine takes them, with what they compute if that is compared. */
final class ComparedModels implements ModelSource {
  private final ParentModels models;
  private final Optional<Recent<OnnxActivations>> activations;
  private double captureSeconds;

  /** Models that are compared by what they compute on samples, or by weights without samples. */
  ComparedModels(ParentModels models, Optional<Dataset> samples, Stages stages) {
    this.models = models;
    this.activations = samples.map(data -> new Recent<>(k -> timed(models.get(k), data, stages)));
  }

  private OnnxActivations timed(OnnxModel file, Dataset data, Stages stages) {
    long start = System.nanoTime();
    OnnxActivations captured =
        OnnxActivations.capture(file, data, stages.stage("activations of " + file.model().name()));
    captureSeconds += (System.nanoTime() - start) / 1e9;
    return captured;
  }

  @Override
  public int size() {
    return models.size();
  }

  @Override
  public Model model(int index) {
    return models.get(index).model();
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
