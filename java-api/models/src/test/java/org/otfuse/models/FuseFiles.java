package org.otfuse.models;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.otfuse.Activations;
import org.otfuse.BackendChoice;
import org.otfuse.FusionEngine;
import org.otfuse.FusionListener;
import org.otfuse.FusionOptions;
import org.otfuse.FusionResult;
import org.otfuse.Model;
import org.otfuse.ModelSource;

/**
 * Fuses files in a process of its own, whose heap the caller limits: two held at once, more as a
 * stream. The last file is written.
 */
final class FuseFiles {
  private FuseFiles() {}

  public static void main(String[] files) {
    List<Path> paths = Arrays.stream(files).map(Path::of).toList();
    List<Path> models = paths.subList(0, paths.size() - 1);
    try (FusionEngine engine = FusionEngine.open(BackendChoice.JAVA)) {
      OnnxModel a = OnnxModel.read(models.get(0));
      FusionResult fused =
          models.size() == 2
              ? engine.fuse(
                  List.of(a.model(), OnnxModel.read(models.get(1)).model()), FusionOptions.DEFAULTS)
              : engine.fuse(source(a, models), FusionOptions.DEFAULTS, FusionListener.none());
      a.withTensors(fused.model()).write(paths.get(models.size()));
    }
  }

  /** The first model is held, the others are read when they are asked for. */
  private static ModelSource source(OnnxModel first, List<Path> models) {
    return new ModelSource() {
      @Override
      public int size() {
        return models.size();
      }

      @Override
      public Model model(int index) {
        return index == 0 ? first.model() : OnnxModel.read(models.get(index)).model();
      }

      @Override
      public Optional<Activations> activations(int index) {
        return Optional.empty();
      }
    };
  }
}
