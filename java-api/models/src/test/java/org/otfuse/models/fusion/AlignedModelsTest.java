package org.otfuse.models.fusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.otfuse.BackendChoice;
import org.otfuse.FeatureKind;
import org.otfuse.FusionEngine;
import org.otfuse.FusionOptions;
import org.otfuse.models.FusionWeights;
import org.otfuse.models.OnnxFusionListener;
import org.otfuse.models.TestFiles;
import org.otfuse.models.closedform.CorrectionKind;
import org.otfuse.models.closedform.MergeKind;
import org.otfuse.models.closedform.Strategy;

class AlignedModelsTest {
  /** Temporary folders of this process. */
  private static long left() throws IOException {
    String own = ".otfuse-" + ProcessHandle.current().pid() + "-";
    try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return files.filter(file -> file.getFileName().toString().startsWith(own)).count();
    }
  }

  private static FusionRequest request() {
    Parent model = new Parent.Stored(TestFiles.path("fashion-mlp-a.onnx"));
    return new FusionRequest(
        List.of(model, model),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        new AlignmentChoice(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty()),
        FusionWeights.equal(),
        0,
        new Strategy(MergeKind.TRANSPORT, CorrectionKind.NONE),
        Optional.empty(),
        0);
  }

  @Test
  void alignedModelsAreRemovedAfterErrorsToo() throws IOException {
    Stages stages = new Stages(new OnnxFusionListener() {});
    FusionInputs inputs = FusionInputs.read(request(), stages);
    try (FusionEngine engine = FusionEngine.open(BackendChoice.JAVA)) {
      ComparedModels models = inputs.compared(request(), FeatureKind.WEIGHTS, stages);
      FusionOptions options = FusionOptions.DEFAULTS;
      try (AlignedModels aligned =
          AlignedModels.of(engine, inputs, models, options, stages, Optional.empty())) {
        aligned.average(List.of(0.5, 0.5));
        assertEquals(1, left());
      }
      assertThrows(
          OutOfMemoryError.class,
          () ->
              AlignedModels.of(
                  engine,
                  inputs,
                  models,
                  options,
                  stages,
                  Optional.of(
                      (report, coupling) -> {
                        throw new OutOfMemoryError();
                      })));
      assertEquals(0, left());
    }
  }
}
