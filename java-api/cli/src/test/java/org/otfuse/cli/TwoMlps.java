package org.otfuse.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Tests that start with two model files in a folder of their own, and a place for a third. */
abstract class TwoMlps {
  @TempDir Path folder;
  Path a;
  Path b;
  Path fused;

  @BeforeEach
  void copyModels() throws IOException {
    a = CommandRun.file(folder, "fashion-mlp-a.onnx");
    b = CommandRun.file(folder, "fashion-mlp-b.onnx");
    fused = folder.resolve("fused.onnx");
  }
}
