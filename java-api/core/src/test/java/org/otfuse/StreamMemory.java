package org.otfuse;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.otfuse.testkit.Mlp;

/**
 * Fuses a number of models of eight million weights, held at once or as a stream, in whatever heap
 * this process was given: {@code StreamMemory list 2} or {@code StreamMemory stream 6}. Neurons
 * stay in place, so that nothing but weights takes memory.
 */
final class StreamMemory {
  private static final Architecture ARCHITECTURE =
      Mlp.architecture(1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000);
  private static final FusionOptions OPTIONS =
      FusionOptions.builder().solver(Solver.IDENTITY).anchor(1).build();

  private StreamMemory() {}

  public static void main(String[] arguments) {
    int models = Integer.parseInt(arguments[1]);
    try (FusionEngine engine = FusionEngine.open(BackendChoice.JAVA)) {
      FusionResult result =
          arguments[0].equals("list")
              ? engine.fuse(
                  IntStream.range(0, models).mapToObj(StreamMemory::model).toList(), OPTIONS)
              : engine.fuse(source(models), OPTIONS, FusionListener.none());
      float expected = 0;
      for (int k = 0; k < models; k++) {
        expected += (float) (1.0 / models) * first(k);
      }
      float found = result.model().tensors().get(0).get(0);
      if (Math.abs(found - expected) > 1e-6) {
        throw new IllegalStateException("found " + found + ", expected " + expected);
      }
    }
  }

  private static ModelSource source(int models) {
    return new ModelSource() {
      @Override
      public int size() {
        return models;
      }

      @Override
      public Model model(int index) {
        return StreamMemory.model(index);
      }

      @Override
      public Optional<Activations> activations(int index) {
        return Optional.empty();
      }
    };
  }

  private static float first(int seed) {
    return new Random(seed).nextFloat();
  }

  private static Model model(int seed) {
    List<FloatBuffer> tensors =
        ARCHITECTURE.tensors().stream()
            .map(tensor -> FloatBuffer.allocate(tensor.length()).put(0, first(seed)))
            .toList();
    return new Model("model-" + seed, ARCHITECTURE, tensors);
  }
}
