package org.otfuse.selftest;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.otfuse.Model;
import org.otfuse.SequentialArchitecture;
import org.otfuse.TensorLayout;

/** Fully connected networks with normally distributed weights. */
final class RandomModels {
  private RandomModels() {}

  /** Layers of the given widths, input first, output last. */
  static Model model(long seed, int... widths) {
    SequentialArchitecture layers = SequentialArchitecture.of(widths[0]);
    for (int l = 1; l < widths.length; l++) {
      layers.linear(widths[l], true);
    }
    var architecture = layers.build();
    Random random = new Random(seed);
    List<FloatBuffer> tensors = new ArrayList<>();
    for (TensorLayout tensor : architecture.tensors()) {
      float[] values = new float[tensor.length()];
      for (int k = 0; k < values.length; k++) {
        values[k] = (float) random.nextGaussian();
      }
      tensors.add(FloatBuffer.wrap(values));
    }
    return new Model("random-" + seed, architecture, tensors);
  }
}
