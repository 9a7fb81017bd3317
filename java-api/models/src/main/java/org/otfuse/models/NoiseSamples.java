package org.otfuse.models;

import ai.onnx.proto.OnnxMl.NodeProto;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.otfuse.Model;
import org.otfuse.UnsupportedModelException;

/**
 * Images of noise in place of calibration data, for models whose data cannot be had. What neurons
 * of a network compute on them is not what they compute on data, yet near enough that plain
 * networks fuse almost as well; deep residual networks do not.
 *
 * <p>An image is normally distributed noise, blurred over as many pixels as its turn among {@link
 * #BLURS} says to variance 1, times a contrast between 0.5 and 1.5, plus a brightness of deviation
 * 0.5; all images together have mean 0 and variance 1. A network that begins with a
 * BatchNormalization gets the mean and variance that it remembers. All axes of an image from the
 * second on are blurred, around their ends; samples of one axis are not.
 *
 * <pre>{@code
 * Dataset samples = NoiseSamples.of(a, NoiseSamples.COUNT, 0);
 * OnnxFusionResult result = OnnxFusion.of(a, b).calibration(samples).fuse(engine);
 * }</pre>
 */
public final class NoiseSamples {
  /** How many images the command line takes. */
  public static final int COUNT = 512;

  /** Standard deviations of the blurs, in pixels. */
  static final List<Double> BLURS = List.of(0.5, 1.0, 2.0, 4.0);

  /** Contrasts are spread evenly between this and as much above 1. */
  private static final double LEAST_CONTRAST = 0.5;

  /** The deviation of an image's brightness. */
  private static final double BRIGHTNESS = 0.5;

  /** A blur reaches so many of its standard deviations. */
  private static final double REACH = 3;

  private NoiseSamples() {}

  /**
   * Draws images.
   *
   * @param model whose first input they are for
   * @param count how many, at least 1
   * @param seed of the generator; the same seed gives the same images
   * @return images without labels, named "noise"
   * @throws UnsupportedModelException if the model does not say how large a sample is
   */
  public static Dataset of(OnnxModel model, int count, long seed) {
    List<TensorInfo> inputs = model.inputs();
    List<Integer> shape = inputs.isEmpty() ? List.of() : inputs.get(0).shape();
    if (inputs.size() != 1
        || shape.size() < 2
        || shape.subList(1, shape.size()).contains(TensorInfo.UNKNOWN)) {
      throw new UnsupportedModelException(
          "model %s has inputs %s, expected one whose sizes are known but for the batch to draw noise for"
              .formatted(model.model().name(), inputs.stream().map(TensorInfo::words).toList()));
    }
    List<Integer> image = shape.subList(1, shape.size());
    int length = image.stream().reduce(1, Math::multiplyExact);
    float[] images = new float[Math.multiplyExact(count, length)];
    Random random = new Random(seed);
    for (int i = 0; i < count; i++) {
      draw(random, BLURS.get(i % BLURS.size()), image, images, i * length);
    }
    standardize(images);
    remember(model, inputs.get(0).name(), image, images);
    return Dataset.of("noise", image, images, Optional.empty());
  }

  private static void draw(
      Random random, double blur, List<Integer> shape, float[] images, int start) {
    double[] values = new double[shape.stream().reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextGaussian();
    }
    for (int axis = 1; axis < shape.size(); axis++) {
      values = blurred(values, shape, axis, blur);
    }
    double contrast = LEAST_CONTRAST + (1 - LEAST_CONTRAST) * 2 * random.nextDouble();
    double scale = contrast / deviation(values);
    double brightness = BRIGHTNESS * random.nextGaussian();
    for (int i = 0; i < values.length; i++) {
      images[start + i] = (float) (scale * values[i] + brightness);
    }
  }

  private static double[] blurred(double[] values, List<Integer> shape, int axis, double blur) {
    int size = shape.get(axis);
    int stride = shape.subList(axis + 1, shape.size()).stream().reduce(1, (a, b) -> a * b);
    int reach = (int) Math.ceil(REACH * blur);
    double[] kernel = new double[2 * reach + 1];
    for (int k = -reach; k <= reach; k++) {
      kernel[k + reach] = Math.exp(-0.5 * k * k / (blur * blur));
    }
    double[] result = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      int at = i / stride % size;
      for (int k = -reach; k <= reach; k++) {
        int from = Math.floorMod(at + k, size);
        result[i] += kernel[k + reach] * values[i + (from - at) * stride];
      }
    }
    return result;
  }

  /** Root mean square; 1 for values that are all 0. */
  private static double deviation(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value * value;
    }
    return sum == 0 ? 1 : Math.sqrt(sum / values.length);
  }

  private static void standardize(float[] images) {
    double sum = 0;
    double squares = 0;
    for (float value : images) {
      sum += value;
      squares += (double) value * value;
    }
    double mean = sum / images.length;
    double deviation = Math.sqrt(squares / images.length - mean * mean);
    for (int i = 0; i < images.length; i++) {
      images[i] = (float) ((images[i] - mean) / (deviation > 0 ? deviation : 1));
    }
  }

  /** Gives each channel the mean and variance of a BatchNormalization that reads the input. */
  private static void remember(OnnxModel model, String input, List<Integer> shape, float[] images) {
    for (NodeProto node : model.graph().getNodeList()) {
      if (!node.getOpType().equals("BatchNormalization")
          || node.getInputCount() < 5
          || !node.getInput(0).equals(input)) {
        continue;
      }
      Optional<FloatBuffer> mean = weight(model.model(), node.getInput(3));
      Optional<FloatBuffer> variance = weight(model.model(), node.getInput(4));
      if (mean.isEmpty() || variance.isEmpty()) {
        continue;
      }
      int positions = shape.subList(1, shape.size()).stream().reduce(1, (a, b) -> a * b);
      for (int i = 0; i < images.length; i++) {
        int channel = i / positions % shape.get(0);
        images[i] =
            (float)
                (mean.get().get(channel)
                    + Math.sqrt(Math.max(0, variance.get().get(channel))) * images[i]);
      }
      return;
    }
  }

  private static Optional<FloatBuffer> weight(Model model, String name) {
    for (int t = 0; t < model.tensors().size(); t++) {
      if (model.architecture().tensors().get(t).name().equals(name)) {
        return Optional.of(model.tensors().get(t));
      }
    }
    return Optional.empty();
  }
}
