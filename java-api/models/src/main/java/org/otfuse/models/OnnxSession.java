package org.otfuse.models;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import org.otfuse.BackendUnavailableException;
import org.otfuse.InvalidInputException;
import org.otfuse.UnsupportedModelException;
import org.otfuse.models.file.DirectMemory;
import org.otfuse.models.runtime.OnnxRuntime;

/**
 * A model that runs: a classifier with one float input and class scores as its first output, on
 * ONNX Runtime's CPU provider. Not thread-safe. Holds native memory until it is closed.
 *
 * <pre>{@code
 * try (OnnxSession session = OnnxSession.open(a.toBytes(), "a")) {
 *   float[] logits = session.logits(samples);
 * }
 * }</pre>
 */
public final class OnnxSession implements AutoCloseable {
  /** Samples that are run at once, unless the model's own batch is fixed. */
  public static final int DEFAULT_BATCH = 256;

  private final String name;
  private final OrtEnvironment environment;
  private final OrtSession session;
  private final String input;
  private final long[] inputShape;
  private final String logits;
  private FloatBuffer padded = FloatBuffer.allocate(0);
  private boolean closed;

  private OnnxSession(String name, OrtEnvironment environment, OrtSession session)
      throws OrtException {
    this.name = name;
    this.environment = environment;
    this.session = session;
    Map<String, NodeInfo> inputs = session.getInputInfo();
    if (inputs.size() != 1) {
      throw new UnsupportedModelException(
          "model %s has the inputs %s, expected one".formatted(name, inputs.keySet()));
    }
    this.input = inputs.keySet().iterator().next();
    this.inputShape = floatShape("input " + input, inputs.get(input));
    if (inputShape.length > 0 && inputShape[0] > Integer.MAX_VALUE) {
      throw new UnsupportedModelException(
          "input %s of model %s has a batch of %d samples, expected at most %d"
              .formatted(input, name, inputShape[0], Integer.MAX_VALUE));
    }
    this.logits =
        session.getOutputNames().stream()
            .findFirst()
            .orElseThrow(
                () ->
                    new UnsupportedModelException(
                        "model %s has no output, expected class scores".formatted(name)));
    floatShape("output " + logits, session.getOutputInfo().get(logits));
  }

  private long[] floatShape(String what, NodeInfo node) {
    if (node.getInfo() instanceof TensorInfo tensor && tensor.type == OnnxJavaType.FLOAT) {
      return tensor.getShape();
    }
    throw new UnsupportedModelException(
        "%s of model %s is of type %s, expected a float32 tensor"
            .formatted(what, name, node.getInfo()));
  }

  /**
   * Opens a model on as many threads as the machine has cores.
   *
   * @param onnx the bytes of an ONNX file
   * @param name what messages call the model
   * @return the session, to be closed by the caller
   * @throws UnsupportedModelException if ONNX Runtime refuses the model, or its input or output is
   *     not as this class expects
   * @throws BackendUnavailableException if ONNX Runtime has no native code for this platform
   */
  public static OnnxSession open(byte[] onnx, String name) {
    return open(onnx, name, Runtime.getRuntime().availableProcessors());
  }

  /**
   * Opens a model.
   *
   * @param onnx the bytes of an ONNX file
   * @param name what messages call the model
   * @param threads how many threads one run uses, at least 1
   * @return the session, to be closed by the caller
   * @throws InvalidInputException if there is no thread
   * @throws UnsupportedModelException if ONNX Runtime refuses the model, or its input or output is
   *     not as this class expects
   * @throws BackendUnavailableException if ONNX Runtime has no native code for this platform
   */
  public static OnnxSession open(byte[] onnx, String name, int threads) {
    if (threads < 1) {
      throw new InvalidInputException(threads + " threads asked, expected at least 1");
    }
    OrtSession session = OnnxRuntime.session(onnx, name, threads);
    try {
      OnnxSession opened = new OnnxSession(name, OnnxRuntime.get(), session);
      session = null;
      return opened;
    } catch (OrtException e) {
      throw new UnsupportedModelException(
          "model %s can't be loaded by ONNX Runtime: %s".formatted(name, OnnxRuntime.sentence(e)),
          e);
    } finally {
      closeQuietly(session);
    }
  }

  private static void closeQuietly(OrtSession session) {
    if (session != null) {
      try {
        session.close();
      } catch (OrtException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /**
   * What messages call the model.
   *
   * @return the name
   */
  public String name() {
    return name;
  }

  /**
   * How many samples are run at once.
   *
   * @return the model's own batch if it is fixed, else {@link #DEFAULT_BATCH}
   */
  public int batch() {
    return hasFixedBatch() ? Math.toIntExact(inputShape[0]) : DEFAULT_BATCH;
  }

  /**
   * Whether the model takes only batches of one size.
   *
   * @return true if its input names the size
   */
  public boolean hasFixedBatch() {
    return inputShape.length > 0 && inputShape[0] > 0;
  }

  /**
   * Runs the model on samples.
   *
   * @param data the samples
   * @return the class scores, row-major [N,classes]
   * @throws InvalidInputException if the model expects images of another shape
   * @throws UnsupportedModelException if the model fails, or its first output isn't [N,classes]
   */
  public float[] logits(Dataset data) {
    return logits(data, 0, data.size());
  }

  /** Runs the model on consecutive samples; the class scores are [count,classes]. */
  float[] logits(Dataset data, int first, int count) {
    int[] classes = {0};
    float[][] scores = {new float[0]};
    for (int done = 0; done < count; ) {
      int start = done;
      int rows = Math.min(batch(), count - done);
      run(
          data,
          first + done,
          rows,
          Set.of(logits),
          (output, shape, values) -> {
            if (start == 0) {
              classes[0] = classes(shape, rows);
              scores[0] = new float[scores(count, classes[0])];
            }
            values.get(scores[0], start * classes[0], rows * classes[0]);
          });
      done += rows;
    }
    return scores[0];
  }

  private int scores(int count, int classes) {
    if ((long) count * classes > Integer.MAX_VALUE) {
      throw new UnsupportedModelException(
          "model %s gives %d samples %d class scores each, expected at most %d in all"
              .formatted(name, count, classes, Integer.MAX_VALUE));
    }
    return count * classes;
  }

  private int classes(int[] shape, int rows) {
    int fed = hasFixedBatch() ? batch() : rows;
    boolean vector = shape.length >= 2 && Arrays.stream(shape).skip(2).allMatch(size -> size == 1);
    if (!vector || shape[0] != fed || shape[1] < 1) {
      throw new UnsupportedModelException(
          "output %s of model %s has shape %s, expected [%d,classes]"
              .formatted(logits, name, Arrays.toString(shape), fed));
    }
    return shape[1];
  }

  /** Takes what a run computed. */
  @FunctionalInterface
  public interface OutputReader {
    /**
     * Called once for each output.
     *
     * @param output its name
     * @param shape its sizes; with a fixed batch, rows after those asked for are padding
     * @param values all its values, row-major, valid during the call
     */
    void accept(String output, int[] shape, FloatBuffer values);
  }

  /**
   * Runs one batch.
   *
   * @param data the samples
   * @param first index of the first sample of the batch
   * @param count samples from {@code first} on, at most {@link #batch} if that is fixed
   * @param outputs names of graph outputs
   * @param reader gets each of the outputs
   */
  public void run(Dataset data, int first, int count, Set<String> outputs, OutputReader reader) {
    checkShape(data);
    FloatBuffer images = data.images(first, count);
    int rows = count;
    if (hasFixedBatch() && count < batch()) {
      rows = batch();
      images = pad(images, (long) rows * (images.remaining() / count), data.name());
    }
    long[] shape =
        LongStream.concat(
                LongStream.of(rows), data.imageShape().stream().mapToLong(Integer::longValue))
            .toArray();
    try (OnnxTensor tensor = OnnxTensor.createTensor(environment, images, shape);
        OrtSession.Result result = session.run(Map.of(input, tensor), outputs)) {
      for (String output : outputs) {
        OnnxTensor value = floats(output, result);
        int[] sizes =
            Arrays.stream(value.getInfo().getShape()).mapToInt(Math::toIntExact).toArray();
        reader.accept(output, sizes, value.getFloatBuffer());
      }
    } catch (OrtException e) {
      throw new UnsupportedModelException(
          "model %s fails on %d images of shape %s of %s: %s"
              .formatted(name, rows, data.imageShape(), data.name(), OnnxRuntime.sentence(e)),
          e);
    }
  }

  private OnnxTensor floats(String output, OrtSession.Result result) {
    if (result.get(output).orElse(null) instanceof OnnxTensor value
        && value.getInfo().type == OnnxJavaType.FLOAT) {
      return value;
    }
    throw new UnsupportedModelException(
        "model %s gives no float32 tensor as %s, expected one".formatted(name, output));
  }

  /** Fills a batch up with zeros. */
  private FloatBuffer pad(FloatBuffer images, long floats, String data) {
    if (padded.capacity() != floats) {
      padded = DirectMemory.floats(floats, "a batch of data set " + data);
    }
    padded.clear().put(images);
    while (padded.hasRemaining()) {
      padded.put(0);
    }
    return padded.rewind();
  }

  private void checkShape(Dataset data) {
    List<Integer> found = data.imageShape();
    boolean fits = inputShape.length == 0 || inputShape.length == found.size() + 1;
    for (int axis = 1; fits && axis < inputShape.length; axis++) {
      fits = inputShape[axis] < 0 || inputShape[axis] == found.get(axis - 1);
    }
    if (!fits) {
      throw new InvalidInputException(
          "data set %s has images of shape %s, model %s expects %s"
              .formatted(data.name(), found, name, expectedShape()));
    }
  }

  private List<String> expectedShape() {
    return Arrays.stream(inputShape)
        .skip(1)
        .mapToObj(size -> size < 0 ? "any" : String.valueOf(size))
        .toList();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      closeQuietly(session);
    }
  }
}
