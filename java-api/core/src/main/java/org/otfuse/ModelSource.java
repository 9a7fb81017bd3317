package org.otfuse;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Models that are loaded one at a time, so that many can be fused in the memory of a few. An engine
 * asks on the thread that called it, holds the anchor and one other model, and asks again when it
 * needs a model again.
 */
public interface ModelSource {
  /**
   * The number of models.
   *
   * @return 2 or more for a fusion
   */
  int size();

  /**
   * Loads a model.
   *
   * @param index from 0
   * @return the model, each time with the same values
   */
  Model model(int index);

  /**
   * Loads what a model computes on the calibration samples.
   *
   * @param index from 0
   * @return the activations, or empty to compare weights: for all models or for none
   */
  Optional<Activations> activations(int index);

  /**
   * Models in memory, compared by their weights.
   *
   * @param models in order
   * @return a source that hands them out
   */
  static ModelSource of(List<Model> models) {
    Objects.requireNonNull(models, "models");
    return new MemorySource(models, List.of());
  }

  /**
   * Models in memory, compared by their activations.
   *
   * @param models in order
   * @param activations one a model
   * @return a source that hands them out
   * @throws InvalidInputException if the lists differ in length
   */
  static ModelSource of(List<Model> models, List<? extends Activations> activations) {
    Objects.requireNonNull(models, "models");
    Objects.requireNonNull(activations, "activations");
    if (activations.size() != models.size()) {
      throw new InvalidInputException(
          "Activations of %d models were given for %d models, expected one for each."
              .formatted(activations.size(), models.size()));
    }
    return new MemorySource(models, activations);
  }
}
