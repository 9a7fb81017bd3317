package org.otfuse.selftest;

import java.nio.FloatBuffer;
import org.otfuse.Model;

/** How far results are from what they should be; infinitely far if they are not numbers. */
final class Differences {
  private Differences() {}

  /** The largest difference, relative to the largest expected value. */
  static double largest(double[] expected, float[] found) {
    double scale = 0;
    double largest = 0;
    for (int k = 0; k < expected.length; k++) {
      scale = Math.max(scale, Math.abs(expected[k]));
      double difference = Math.abs(expected[k] - found[k]);
      largest = Math.max(largest, Double.isNaN(difference) ? Double.MAX_VALUE : difference);
    }
    return scale > 0 ? largest / scale : largest;
  }

  static double largest(float[] expected, float[] found) {
    double[] wide = new double[expected.length];
    for (int k = 0; k < wide.length; k++) {
      wide[k] = expected[k];
    }
    return largest(wide, found);
  }

  /** Of all weights of two models. */
  static double largest(Model expected, Model found) {
    double largest = 0;
    for (int t = 0; t < expected.tensors().size(); t++) {
      largest =
          Math.max(
              largest, largest(values(expected.tensors().get(t)), values(found.tensors().get(t))));
    }
    return largest;
  }

  static float[] values(FloatBuffer buffer) {
    float[] values = new float[buffer.remaining()];
    buffer.duplicate().get(values);
    return values;
  }
}
