package example;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.otfuse.FusionEngine;
import org.otfuse.models.OnnxModel;

class FuseFilesTest {
  private static Path file(String name) throws Exception {
    return Path.of(FuseFilesTest.class.getResource(name).toURI());
  }

  private static float[] values(FloatBuffer tensor) {
    float[] values = new float[tensor.remaining()];
    tensor.duplicate().get(values);
    return values;
  }

  @Test
  void aNetworkFusedWithItselfInAnotherOrderStaysAsItIs(@TempDir Path folder) throws Exception {
    Path fused = folder.resolve("fused.onnx");
    FuseFiles.main(
        new String[] {file("a.onnx").toString(), file("b.onnx").toString(), fused.toString()});
    var expected = OnnxModel.read(file("a.onnx")).model().tensors();
    var found = OnnxModel.read(fused).model().tensors();
    assertEquals(4, found.size());
    for (int t = 0; t < found.size(); t++) {
      assertArrayEquals(values(expected.get(t)), values(found.get(t)));
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void theOneDependencyBringsTheNativeBackEnd() {
    String machine = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "x86_64";
    String library = "/org/otfuse/natives/linux-" + machine + "/";
    assumeTrue(
        FusionEngine.class.getResource(library) != null, "otfuse was built without compiler");
    try (FusionEngine engine = FusionEngine.open()) {
      assertEquals("native", engine.backend().name(), () -> engine.skipped().toString());
    }
  }
}
