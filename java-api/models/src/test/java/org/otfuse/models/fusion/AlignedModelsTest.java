package org.otfuse.models.fusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.otfuse.AlignmentOptions;
import org.otfuse.Anchor;
import org.otfuse.BackendChoice;
import org.otfuse.Coupling;
import org.otfuse.FeatureKind;
import org.otfuse.FusionEngine;
import org.otfuse.FusionListener;
import org.otfuse.GroupReport;
import org.otfuse.models.FusionWeights;
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
        Anchor.index(0),
        new Strategy(MergeKind.TRANSPORT, CorrectionKind.NONE),
        Optional.empty(),
        Optional.empty());
  }

  @Test
  void alignedModelsAreRemovedAfterErrorsToo() throws IOException {
    Stages stages = new Stages(List.of());
    FusionInputs inputs = FusionInputs.read(request(), stages);
    try (FusionEngine engine = FusionEngine.open(BackendChoice.JAVA)) {
      ComparedModels models = inputs.compared(request(), FeatureKind.WEIGHTS, stages);
      AlignmentOptions options = AlignmentOptions.DEFAULTS;
      try (AlignedModels aligned =
          AlignedModels.of(engine, inputs, models, options, stages, FusionListener.none())) {
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
                  new FusionListener() {
                    @Override
                    public void coupled(GroupReport report, Supplier<Coupling> coupling) {
                      throw new OutOfMemoryError();
                    }
                  }));
      assertEquals(0, left());
    }
  }
}
