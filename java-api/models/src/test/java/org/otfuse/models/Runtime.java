package org.otfuse.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.otfuse.models.runtime.OnnxRuntime;

/** Runs models in ONNX Runtime, which knows nothing of the traces under test. */
public final class Runtime {
  private static final int BATCH = 3;

  private Runtime() {}

  /** The first output for normally distributed inputs. */
  static float[] run(byte[] model, List<TensorInfo> inputs, long seed) {
    OrtEnvironment environment = OnnxRuntime.get();
    Random random = new Random(seed);
    Map<String, OnnxTensor> feeds = new HashMap<>();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      try (OrtSession session = environment.createSession(model, options)) {
        for (TensorInfo input : inputs) {
          long[] shape =
              input.shape().stream().mapToLong(n -> n == TensorInfo.UNKNOWN ? BATCH : n).toArray();
          int length = 1;
          for (long size : shape) {
            length *= (int) size;
          }
          FloatBuffer values = FloatBuffer.allocate(length);
          for (int i = 0; i < length; i++) {
            values.put(i, (float) random.nextGaussian());
          }
          feeds.put(input.name(), OnnxTensor.createTensor(environment, values, shape));
        }
        try (OrtSession.Result result = session.run(feeds)) {
          FloatBuffer out = ((OnnxTensor) result.get(0)).getFloatBuffer();
          float[] values = new float[out.remaining()];
          out.get(values);
          return values;
        }
      }
    } catch (OrtException e) {
      throw new AssertionError(e);
    } finally {
      feeds.values().forEach(OnnxTensor::close);
    }
  }

  /** Checks that a random order of the neurons moves weights and leaves the outputs. */
  public static void assertPermutationKeepsFunction(OnnxModel model) {
    long seed = 20240229;
    OnnxModel permuted = model.withTensors(Permuter.permute(model.model(), seed));
    assertTrue(
        !model.model().tensors().equals(permuted.model().tensors()),
        "no weight moved, seed " + seed);
    float[] expected = run(model.toBytes(), model.inputs(), seed);
    float[] found = run(permuted.toBytes(), model.inputs(), seed);
    assertEquals(expected.length, found.length);
    float scale = 0;
    for (float value : expected) {
      scale = Math.max(scale, Math.abs(value));
    }
    assertTrue(scale > 1e-3, "outputs are all near zero, seed " + seed);
    for (int i = 0; i < found.length; i++) {
      assertEquals(expected[i], found[i], 1e-4 * scale, "output " + i + ", seed " + seed);
    }
  }
}
