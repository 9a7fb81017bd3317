package org.otfuse.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.otfuse.UnsupportedModelException;

class NoiseSamplesTest {
  private static OnnxModel vgg() {
    return OnnxModel.read(TestFiles.path("zoo/fashion-vgg11-a.onnx"));
  }

  private static double[] meanAndVariance(FloatBuffer values) {
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < values.limit(); i++) {
      sum += values.get(i);
      squares += (double) values.get(i) * values.get(i);
    }
    double mean = sum / values.limit();
    return new double[] {mean, squares / values.limit() - mean * mean};
  }

  @Test
  void allImagesTogetherHaveMeanZeroAndVarianceOne() {
    Dataset noise = NoiseSamples.of(vgg(), 40, 1);
    assertEquals(40, noise.size());
    assertEquals(List.of(1, 28, 28), noise.imageShape());
    double[] found = meanAndVariance(noise.images(0, 40));
    assertEquals(0, found[0], 1e-5);
    assertEquals(1, found[1], 1e-5);
  }

  @Test
  void theSeedDecidesTheImages() {
    FloatBuffer first = NoiseSamples.of(vgg(), 4, 7).images(0, 4);
    assertEquals(first, NoiseSamples.of(vgg(), 4, 7).images(0, 4));
    assertTrue(!first.equals(NoiseSamples.of(vgg(), 4, 8).images(0, 4)));
  }

  /** How far neighbours agree in noise that was blurred by a discrete Gaussian. */
  private static double correlation(double blur) {
    double together = 0;
    double alone = 0;
    for (int k = -20; k <= 20; k++) {
      double here = Math.exp(-0.5 * k * k / (blur * blur));
      together += here * Math.exp(-0.5 * (k + 1) * (k + 1) / (blur * blur));
      alone += here * here;
    }
    return together / alone;
  }

  @Test
  void imagesAreBlurredInTurn() {
    int turns = 60;
    int blurs = NoiseSamples.BLURS.size();
    Dataset noise = NoiseSamples.of(vgg(), turns * blurs, 3);
    for (int b = 0; b < blurs; b++) {
      double together = 0;
      double alone = 0;
      for (int turn = 0; turn < turns; turn++) {
        FloatBuffer image = noise.images(turn * blurs + b, 1);
        double mean = meanAndVariance(image)[0];
        for (int i = 0; i < 784; i++) {
          if (i % 28 < 27) {
            together += (image.get(i) - mean) * (image.get(i + 1) - mean);
            alone += Math.pow(image.get(i) - mean, 2);
          }
        }
      }
      double blur = NoiseSamples.BLURS.get(b);
      assertEquals(correlation(blur), together / alone, 0.03, "blur " + blur);
    }
  }

  @Test
  void aNetworkThatBeginsWithNormalisationGetsWhatItRemembers() {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.input("x", 1, 2, 6, 6);
    String normal =
        g.node(
            "BatchNormalization",
            List.of(
                x,
                g.weight("gamma", 2),
                g.weight("beta", 2),
                g.weight("mean", 2),
                g.positive("variance", 2)));
    g.output(normal, 1, 2, 6, 6);
    OnnxModel model = g.read();
    FloatBuffer images = NoiseSamples.of(model, 400, 0).images(0, 400);
    for (int channel = 0; channel < 2; channel++) {
      float[] own = new float[400 * 36];
      for (int i = 0; i < own.length; i++) {
        own[i] = images.get(i / 36 * 72 + channel * 36 + i % 36);
      }
      double[] found = meanAndVariance(FloatBuffer.wrap(own));
      double mean = model.model().tensors().get(2).get(channel);
      double variance = model.model().tensors().get(3).get(channel);
      assertEquals(mean, found[0], 0.15 * Math.sqrt(variance));
      assertEquals(1, found[1] / variance, 0.2);
    }
  }

  @Test
  void aModelThatLeavesSizesOpenIsRefused() {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.input("x", 1, 0);
    g.output(g.node("Relu", List.of(x)), 1, 0);
    UnsupportedModelException refused =
        assertThrows(UnsupportedModelException.class, () -> NoiseSamples.of(g.read(), 1, 0));
    assertTrue(refused.getMessage().contains("expected one whose sizes are known"));
  }
}
