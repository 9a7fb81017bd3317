package org.otfuse.models.runtime;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.otfuse.UnsupportedModelException;
import org.otfuse.models.OnnxModel;

/**
 * Random values for every input of a model, however many it has, to see whether two versions of it
 * compute the same: normally distributed numbers, integers 0 and 1 (which are indices and masks of
 * most models), true and false. The same seed gives the same values. Immutable and thread-safe.
 *
 * @param size of every axis that a file leaves open
 * @param seed of the generator
 */
public record RandomInputs(int size, long seed) {
  /**
   * Runs a model once.
   *
   * @param model with any number of float32, int64, int32 and bool inputs
   * @return the values of all float32 outputs, one after the other
   * @throws UnsupportedModelException if an input is of another type, the model fails on such
   *     inputs, gives no float32 output, or a value that is not finite
   */
  public float[] outputs(OnnxModel model) {
    String name = model.model().name();
    Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
    try (OrtSession session = OnnxRuntime.session(model.toBytes(), name, 1)) {
      Random random = new Random(seed);
      for (Map.Entry<String, NodeInfo> input : session.getInputInfo().entrySet()) {
        inputs.put(input.getKey(), values(name, input.getValue(), random));
      }
      try (OrtSession.Result result = session.run(inputs)) {
        return floats(name, result);
      }
    } catch (OrtException e) {
      throw new UnsupportedModelException(
          "model %s fails on random inputs with %d for sizes that it leaves open: %s"
              .formatted(name, size, OnnxRuntime.sentence(e)),
          e);
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
  }

  private OnnxTensor values(String model, NodeInfo input, Random random) throws OrtException {
    if (!(input.getInfo() instanceof TensorInfo info)) {
      throw refused(model, input);
    }
    long[] shape = Arrays.stream(info.getShape()).map(axis -> axis < 0 ? size : axis).toArray();
    long count = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    int bytes = Math.toIntExact(Math.multiplyExact(Long.BYTES, count));
    ByteBuffer buffer = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    for (long i = 0; i < count; i++) {
      switch (info.type) {
        case FLOAT -> buffer.putFloat((float) random.nextGaussian());
        case INT64 -> buffer.putLong(random.nextInt(2));
        case INT32 -> buffer.putInt(random.nextInt(2));
        case BOOL -> buffer.put((byte) random.nextInt(2));
        default -> throw refused(model, input);
      }
    }
    buffer.flip();
    return info.type == OnnxJavaType.FLOAT
        ? OnnxTensor.createTensor(OnnxRuntime.get(), buffer.asFloatBuffer(), shape)
        : OnnxTensor.createTensor(OnnxRuntime.get(), buffer, shape, info.type);
  }

  private static UnsupportedModelException refused(String model, NodeInfo input) {
    return new UnsupportedModelException(
        "input %s of model %s is of type %s, expected a tensor of float32, int64, int32 or bool"
            .formatted(input.getName(), model, input.getInfo()));
  }

  private static float[] floats(String model, OrtSession.Result result) throws OrtException {
    float[] floats = {};
    for (Map.Entry<String, OnnxValue> output : result) {
      if (output.getValue() instanceof OnnxTensor tensor
          && tensor.getInfo().type == OnnxJavaType.FLOAT) {
        FloatBuffer values = tensor.getFloatBuffer();
        int before = floats.length;
        floats = Arrays.copyOf(floats, before + values.remaining());
        values.get(floats, before, floats.length - before);
      }
    }
    if (floats.length == 0) {
      throw new UnsupportedModelException(
          "model %s gives no float32 output, expected one".formatted(model));
    }
    for (float value : floats) {
      if (!Float.isFinite(value)) {
        throw new UnsupportedModelException(
            "model %s gives %s on random inputs, expected finite numbers".formatted(model, value));
      }
    }
    return floats;
  }
}
