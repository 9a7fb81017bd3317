package example;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.otfuse.Architecture;
import org.otfuse.Model;
import org.otfuse.SequentialArchitecture;
import org.otfuse.TensorLayout;

/** Networks that come from no file: 16 inputs, 32 hidden neurons, 10 classes. */
final class Networks {
  static final Architecture ARCHITECTURE =
      SequentialArchitecture.of(16).linear(32, true).linear(10, true).build();

  private Networks() {}

  /** A network as training might have left it. */
  static Model random(String name, long seed) {
    Random random = new Random(seed);
    List<FloatBuffer> tensors = new ArrayList<>();
    for (TensorLayout tensor : ARCHITECTURE.tensors()) {
      FloatBuffer values = FloatBuffer.allocate(tensor.length());
      while (values.hasRemaining()) {
        values.put((float) random.nextGaussian());
      }
      tensors.add(values.flip());
    }
    return new Model(name, ARCHITECTURE, tensors);
  }

  /** A buffer as plans want it: direct, in native order. */
  static FloatBuffer direct(int length) {
    return ByteBuffer.allocateDirect(length * Float.BYTES)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  /** All weights of a network, one tensor after the other. */
  static FloatBuffer flat(Model model) {
    FloatBuffer flat = direct(model.tensors().stream().mapToInt(FloatBuffer::remaining).sum());
    model.tensors().forEach(tensor -> flat.put(tensor.duplicate()));
    return flat.flip();
  }
}
