package org.otfuse.cli;

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
import org.otfuse.models.closedform.CorrectionKind;
import org.otfuse.models.closedform.MergeKind;
import org.otfuse.models.closedform.Strategy;

class AlignedModelsTest extends TwoMlps {
  /** Temporary folders of this process. */
  private static long left() throws IOException {
    String own = ".otfuse-" + ProcessHandle.current().pid() + "-";
    try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return files.filter(file -> file.getFileName().toString().startsWith(own)).count();
    }
  }

  @Test
  void alignedModelsAreRemovedAfterErrorsToo() throws IOException {
    FusionRequest request =
        new FusionRequest(
            List.of(a, b),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            AlignmentChoice.DEFAULTS,
            new WeightsChoice(false),
            Anchor.index(0),
            new Strategy(MergeKind.TRANSPORT, CorrectionKind.NONE),
            BackendChoice.JAVA,
            Optional.empty(),
            Optional.empty());
    FusionInputs inputs = FusionInputs.read(request, new CommandFiles());
    try (FusionEngine engine = FusionEngine.open(BackendChoice.JAVA);
        Bars bars = new Bars()) {
      ComparedModels models = inputs.compared(request, FeatureKind.WEIGHTS, bars);
      AlignmentOptions options = AlignmentOptions.DEFAULTS;
      try (AlignedModels aligned =
          AlignedModels.of(engine, inputs, models, options, bars, FusionListener.none())) {
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
                  bars,
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
