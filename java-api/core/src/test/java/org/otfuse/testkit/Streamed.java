package org.otfuse.testkit;

import java.util.List;
import java.util.Optional;
import org.otfuse.Activations;
import org.otfuse.Model;
import org.otfuse.ModelSource;

/** Models that an engine takes for ones that are loaded one at a time. */
public record Streamed(List<Model> models) implements ModelSource {
  /** A source that hands out the models. */
  public static Streamed of(List<Model> models) {
    return new Streamed(models);
  }

  @Override
  public int size() {
    return models.size();
  }

  @Override
  public Model model(int index) {
    return models.get(index);
  }

  @Override
  public Optional<Activations> activations(int index) {
    return Optional.empty();
  }
}
