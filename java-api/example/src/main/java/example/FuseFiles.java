package example;

import java.nio.file.Path;
import java.util.List;
import org.otfuse.FusionEngine;
import org.otfuse.FusionOptions;
import org.otfuse.FusionResult;
import org.otfuse.models.OnnxModel;

/** Fuses two ONNX files into a third: the least that one has to write. */
public final class FuseFiles {
  private FuseFiles() {}

  /** Arguments: the two files, and the one to write. */
  public static void main(String[] arguments) {
    try (FusionEngine engine = FusionEngine.open()) {
      OnnxModel a = OnnxModel.read(Path.of(arguments[0]));
      OnnxModel b = OnnxModel.read(Path.of(arguments[1]));
      FusionResult result = engine.fuse(List.of(a.model(), b.model()), FusionOptions.DEFAULTS);
      a.withTensors(result.model()).write(Path.of(arguments[2]));
      System.out.println("Fused on " + result.backend() + ".");
    }
  }
}
