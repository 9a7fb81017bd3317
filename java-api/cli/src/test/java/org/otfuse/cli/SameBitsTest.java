package org.otfuse.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.otfuse.BackendChoice;
import org.otfuse.FusionEngine;
import org.otfuse.models.Dataset;
import org.otfuse.models.OnnxFusion;
import org.otfuse.models.OnnxFusionResult;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.closedform.MergeKind;

/** The command line and the library, with models in memory or in files, write the same bytes. */
class SameBitsTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "fashion-mlp, TRANSPORT",
    "fashion-mlp, SELECT",
    "fashion-resnet18, TRANSPORT",
    "fashion-resnet18, SELECT",
  })
  void theSameRequestGivesTheSameBits(String pair, MergeKind merge) throws IOException {
    Path a = CommandRun.file(folder, pair + "-a.onnx");
    Path b = CommandRun.file(folder, pair + "-b.onnx");
    Path samples = folder.resolve("few.npz");
    Dataset.read(CommandRun.file(folder, "fashion-calibration.npz")).first(24).write(samples);
    Path typed = folder.resolve("typed.onnx");
    CommandRun run =
        CommandRun.of(
            "fuse",
            a,
            b,
            "-o",
            typed,
            "--calibration",
            samples,
            "--merge",
            Choice.label(merge),
            "--backend",
            "java");
    assertEquals(0, run.status(), run.err());
    Path called = folder.resolve("called.onnx");
    try (FusionEngine engine = FusionEngine.open(BackendChoice.JAVA)) {
      OnnxFusionResult result =
          OnnxFusion.of(OnnxModel.read(a), OnnxModel.read(b))
              .calibration(Dataset.read(samples))
              .merge(merge)
              .fuse(engine)
              .write(called);
      assertEquals(merge, result.strategy().merge());
      assertArrayEquals(Files.readAllBytes(typed), Files.readAllBytes(called));
      OnnxFusion.ofFiles(a, b).calibration(samples).merge(merge).fuse(engine).write(called);
      assertArrayEquals(Files.readAllBytes(typed), Files.readAllBytes(called));
    }
  }
}
