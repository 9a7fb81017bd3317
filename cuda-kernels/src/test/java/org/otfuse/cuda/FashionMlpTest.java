package org.otfuse.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.otfuse.BackendChoice;
import org.otfuse.FusionEngine;
import org.otfuse.FusionOptions;
import org.otfuse.FusionPlan;
import org.otfuse.Model;
import org.otfuse.SinkhornSettings;
import org.otfuse.Solver;
import org.otfuse.models.OnnxModel;

/** Two trained networks, fused on the emulated device and by the java back end. */
@RequiresEmulator
class FashionMlpTest {
  private static final Path DEMO =
      Path.of("../java-api/cli/src/main/resources/org/otfuse/cli/demo");
  private static final List<Model> MODELS =
      List.of(read("fashion-mlp-a.onnx"), read("fashion-mlp-b.onnx"));

  private static Model read(String name) {
    return OnnxModel.read(DEMO.resolve(name)).model();
  }

  private static FloatBuffer direct(int floats) {
    return ByteBuffer.allocateDirect(Float.BYTES * floats)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  private static FloatBuffer flat(Model model) {
    FloatBuffer flat = direct(model.tensors().stream().mapToInt(FloatBuffer::remaining).sum());
    model.tensors().forEach(tensor -> flat.put(tensor.duplicate()));
    return flat.rewind();
  }

  private static FloatBuffer prepared(FusionEngine engine, FusionOptions options) {
    try (FusionPlan plan = engine.prepare(MODELS.get(0).architecture(), options)) {
      FloatBuffer output = direct(plan.length());
      plan.fuse(MODELS.stream().map(FashionMlpTest::flat).toList(), output);
      return output;
    }
  }

  private static void assertNear(FloatBuffer expected, FloatBuffer found, float tolerance) {
    assertEquals(expected.remaining(), found.remaining());
    for (int i = 0; i < expected.remaining(); i++) {
      assertEquals(expected.get(i), found.get(i), tolerance, "index " + i);
    }
  }

  @AfterEach
  void reset() {
    Emulator.ote_reset(null);
  }

  @Test
  void exactFusionsAgree() {
    try (FusionEngine java = FusionEngine.open(BackendChoice.JAVA);
        FusionEngine cuda = FusionEngine.open(BackendChoice.CUDA)) {
      FloatBuffer expected = flat(java.fuse(MODELS, FusionOptions.DEFAULTS).model());
      assertNear(expected, flat(cuda.fuse(MODELS, FusionOptions.DEFAULTS).model()), 1e-6f);
      assertNear(expected, prepared(cuda, FusionOptions.DEFAULTS), 1e-6f);
    }
  }

  @Test
  void entropicFusionsAgree() {
    FusionOptions options =
        FusionOptions.builder()
            .solver(Solver.SINKHORN)
            .sinkhorn(SinkhornSettings.DEFAULTS.withEpsilon(0.03))
            .build();
    try (FusionEngine java = FusionEngine.open(BackendChoice.JAVA);
        FusionEngine cuda = FusionEngine.open(BackendChoice.CUDA)) {
      FloatBuffer expected = flat(java.fuse(MODELS, options).model());
      assertNear(expected, prepared(cuda, options), 1e-3f);
    }
  }
}
