package org.otfuse.models.statistics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.otfuse.InvalidInputException;
import org.otfuse.Model;
import org.otfuse.NeuronGroup;
import org.otfuse.Progress;
import org.otfuse.TensorLayout;
import org.otfuse.models.Dataset;
import org.otfuse.models.GraphBuilder;
import org.otfuse.models.OnnxModel;

class StatisticsTest {
  private static final long SEED = 20230312;
  private static final int SAMPLES = 96;

  /** Normally distributed samples with a mean of 1. */
  private static Dataset samples(int count, Integer... shape) {
    Random random = new Random(SEED);
    float[] values = new float[count * List.of(shape).stream().reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (1 + random.nextGaussian());
    }
    return Dataset.of("samples", List.of(shape), values, Optional.empty());
  }

  private static OnnxModel reset(OnnxModel model, Dataset samples) {
    return Statistics.reset(model, samples, Progress.none());
  }

  private static ActivationMoments moments(OnnxModel model, Dataset samples) {
    return ActivationMoments.capture(
        model.toBytes(), "m.onnx", model.model().architecture(), samples, Progress.none());
  }

  private static float[] tensor(OnnxModel model, String name) {
    List<TensorLayout> tensors = model.model().architecture().tensors();
    for (int t = 0; t < tensors.size(); t++) {
      if (tensors.get(t).name().equals(name)) {
        float[] values = new float[tensors.get(t).length()];
        model.model().tensors().get(t).duplicate().get(values);
        return values;
      }
    }
    throw new IllegalArgumentException(name);
  }

  /** The same graph with every weight scaled at random. */
  private static OnnxModel other(OnnxModel model, long seed) {
    Random random = new Random(seed);
    List<FloatBuffer> tensors = new ArrayList<>();
    for (FloatBuffer tensor : model.model().tensors()) {
      FloatBuffer changed = FloatBuffer.allocate(tensor.remaining());
      for (int i = 0; i < changed.capacity(); i++) {
        changed.put(i, (float) (tensor.get(i) * Math.exp(0.7 * random.nextGaussian())));
      }
      tensors.add(changed);
    }
    return model.withTensors(new Model("other", model.model().architecture(), tensors));
  }

  private static OnnxModel average(OnnxModel a, OnnxModel b, double weight) {
    List<FloatBuffer> tensors = new ArrayList<>();
    for (int t = 0; t < a.model().tensors().size(); t++) {
      FloatBuffer x = a.model().tensors().get(t);
      FloatBuffer y = b.model().tensors().get(t);
      FloatBuffer mean = FloatBuffer.allocate(x.remaining());
      for (int i = 0; i < mean.capacity(); i++) {
        mean.put(i, (float) (weight * x.get(i) + (1 - weight) * y.get(i)));
      }
      tensors.add(mean);
    }
    return a.withTensors(new Model("average", a.model().architecture(), tensors));
  }

  private static String normalize(GraphBuilder graph, String x, int channels, String name) {
    return graph.node(
        "BatchNormalization",
        List.of(
            x,
            graph.weight(name + ".gamma", channels),
            graph.weight(name + ".beta", channels),
            graph.weight(name + ".mean", channels),
            graph.positive(name + ".variance", channels)),
        "epsilon",
        0f);
  }

  /** Depthwise weights on normalized channels have moments that follow from gamma and beta. */
  private static OnnxModel chain(long batch, int opset) {
    GraphBuilder graph = new GraphBuilder(opset);
    graph.input("x", batch, 3, 2, 2);
    String first = normalize(graph, "x", 3, "first");
    String scaled = graph.node("Conv", List.of(first, graph.weight("w", 3, 1, 1, 1)), "group", 3);
    String second = normalize(graph, scaled, 3, "second");
    String third = normalize(graph, graph.node("Identity", List.of(second)), 3, "third");
    graph.output(graph.node("Flatten", List.of(third)), batch, 12);
    return graph.read();
  }

  @ParameterizedTest
  @CsvSource({"0, 17", "0, 18", "1, 17", "8, 17", "96, 17"})
  void resetFollowsTheChainOfNormalizationsInClosedForm(long batch, int opset) {
    Dataset data = samples(SAMPLES, 3, 2, 2);
    OnnxModel model = chain(batch, opset);
    OnnxModel found = reset(model, data);
    double[] mean = new double[3];
    double[] variance = new double[3];
    for (int pass = 0; pass < 2; pass++) {
      for (int i = 0; i < 12 * SAMPLES; i++) {
        double x = data.images(0, SAMPLES).get(i);
        int c = i / 4 % 3;
        if (pass == 0) {
          mean[c] += x / (4 * SAMPLES);
        } else {
          variance[c] += (x - mean[c]) * (x - mean[c]) / (4 * SAMPLES);
        }
      }
    }
    for (int c = 0; c < 3; c++) {
      double gamma = tensor(model, "first.gamma")[c];
      double beta = tensor(model, "first.beta")[c];
      double w = tensor(model, "w")[c];
      assertEquals(mean[c], tensor(found, "first.mean")[c], 1e-5);
      assertEquals(variance[c], tensor(found, "first.variance")[c], 1e-5);
      assertEquals(w * beta, tensor(found, "second.mean")[c], 1e-5);
      assertEquals(w * w * gamma * gamma, tensor(found, "second.variance")[c], 1e-5);
      assertEquals(tensor(model, "second.beta")[c], tensor(found, "third.mean")[c], 1e-5);
      double scale = tensor(model, "second.gamma")[c];
      assertEquals(scale * scale, tensor(found, "third.variance")[c], 1e-5);
    }
    for (String kept : List.of("first.gamma", "first.beta", "w", "third.gamma")) {
      assertArrayEquals(tensor(model, kept), tensor(found, kept));
    }
  }

  @Test
  void normalizationsThatAFileSharesGetStatisticsOfTheirOwn() {
    GraphBuilder graph = new GraphBuilder(17);
    graph.input("x", 0, 2, 3, 3);
    String a = graph.conv("x", 2, 4);
    String first = normalize(graph, a, 4, "shared");
    String b = graph.conv("x", 2, 4);
    String second =
        graph.node(
            "BatchNormalization",
            List.of(b, "shared.gamma", "shared.beta", "shared.mean", "shared.variance"));
    String sum = graph.relu(graph.node("Add", List.of(first, second)));
    graph.output(graph.gemm(graph.node("Flatten", List.of(sum)), 36, 3), 0, 3);
    OnnxModel model = graph.read();
    OnnxModel found = reset(model, samples(SAMPLES, 2, 3, 3));
    ActivationMoments moments = moments(found, samples(SAMPLES, 2, 3, 3));
    float[] gamma = tensor(model, "shared.gamma");
    float[] beta = tensor(model, "shared.beta");
    for (int producer = 0; producer < 2; producer++) {
      for (int i = 0; i < 4; i++) {
        assertEquals(beta[i], moments.mean(0, producer)[i], 1e-4);
        assertEquals(gamma[i] * gamma[i], moments.variance(0, producer)[i], 1e-3);
      }
    }
  }

  @Test
  void resetLeavesAModelWithoutNormalizationAsItIs() {
    GraphBuilder graph = new GraphBuilder(17);
    graph.output(graph.gemm(graph.input("x", 0, 4), 4, 2), 0, 2);
    OnnxModel model = graph.read();
    assertFalse(Statistics.hasNormalization(model));
    assertTrue(Statistics.hasNormalization(chain(0, 17)));
    assertSame(model, reset(model, samples(4, 4)));
  }

  /** Convolutions with and without bias and with normalization, a residual stream, a concat. */
  private static OnnxModel network(long batch, int opset) {
    GraphBuilder graph = new GraphBuilder(opset);
    graph.input("x", batch, 2, 4, 4);
    String bare = graph.node("Conv", List.of("x", graph.weight("bare", 6, 2, 1, 1)));
    String stream = graph.conv(graph.relu(bare), 6, 5);
    String branch = normalize(graph, graph.conv(graph.relu(stream), 5, 5), 5, "bn");
    String sum = graph.relu(graph.node("Add", List.of(stream, branch)));
    String left = graph.relu(graph.conv(sum, 5, 3));
    String right = graph.relu(graph.conv(sum, 5, 4));
    String both = graph.node("Concat", List.of(left, right), "axis", 1);
    String grouped =
        graph.node("Conv", List.of(both, graph.weight("depthwise", 7, 1, 1, 1)), "group", 7);
    String hidden = graph.relu(graph.gemm(graph.node("Flatten", List.of(grouped)), 112, 8));
    String matrix = graph.node("MatMul", List.of(hidden, graph.weight("matrix", 8, 6)));
    String biased = graph.relu(graph.node("Add", List.of(matrix, graph.weight("offset", 6))));
    graph.output(graph.gemm(biased, 6, 3), batch, 3);
    return graph.read();
  }

  @ParameterizedTest
  @CsvSource({"0, 17", "0, 18", "4, 17"})
  void repairReachesTheMomentsThatAreTheGoal(long batch, int opset) {
    OnnxModel a = network(batch, opset);
    OnnxModel b = other(a, SEED);
    Dataset data = samples(SAMPLES, 2, 4, 4);
    List<ActivationMoments> aligned = List.of(moments(a, data), moments(b, data));
    OnnxModel average = average(a, b, 0.3);
    ActivationMoments before = moments(average, data);
    ActivationMoments after =
        moments(
            Statistics.repair(average, aligned, List.of(0.3, 0.7), data, Progress.none()), data);
    double farthest = 0;
    List<NeuronGroup> groups = a.model().architecture().groups();
    for (int g = 0; g < groups.size(); g++) {
      for (int p = 0;
          groups.get(g).pinned().isEmpty() && p < groups.get(g).producers().size();
          p++) {
        String node = groups.get(g).producers().get(p).node();
        boolean shift =
            groups.get(g).producers().get(p).bias().isPresent()
                || groups.get(g).producers().get(p).normalization().isPresent();
        for (int i = 0; i < groups.get(g).size(); i++) {
          double deviation =
              0.3 * Math.sqrt(aligned.get(0).variance(g, p)[i])
                  + 0.7 * Math.sqrt(aligned.get(1).variance(g, p)[i]);
          double mean = 0.3 * aligned.get(0).mean(g, p)[i] + 0.7 * aligned.get(1).mean(g, p)[i];
          double tolerance = 1e-3 * deviation + 1e-6;
          assertEquals(deviation, Math.sqrt(after.variance(g, p)[i]), tolerance, node);
          if (shift) {
            assertEquals(mean, after.mean(g, p)[i], tolerance, node);
          }
          farthest =
              Math.max(farthest, Math.abs(Math.sqrt(before.variance(g, p)[i]) / deviation - 1));
        }
      }
    }
    assertTrue(farthest > 0.1, "the average already has the goal's moments");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 16, 64})
  void theSizeOfTheBatchesChangesNothingButRounding(long batch) {
    Dataset data = samples(128, 2, 4, 4);
    OnnxModel whole = network(0, 17);
    OnnxModel parts = network(batch, 17);
    OnnxModel average = average(whole, other(whole, SEED), 0.3);
    OnnxModel sameAverage = parts.withTensors(average.model());
    List<ActivationMoments> goals =
        List.of(moments(whole, data), moments(other(whole, SEED), data));
    List<Double> weights = List.of(0.3, 0.7);
    assertSameWeights(reset(average, data), reset(sameAverage, data));
    assertSameWeights(
        Statistics.repair(average, goals, weights, data, Progress.none()),
        Statistics.repair(sameAverage, goals, weights, data, Progress.none()));
  }

  private static void assertSameWeights(OnnxModel expected, OnnxModel found) {
    for (int t = 0; t < expected.model().tensors().size(); t++) {
      FloatBuffer values = expected.model().tensors().get(t);
      for (int i = 0; i < values.remaining(); i++) {
        float value = values.get(i);
        assertEquals(value, found.model().tensors().get(t).get(i), 1e-5 * Math.abs(value) + 1e-5);
      }
    }
  }

  @Test
  void repairOfAModelToItsOwnMomentsChangesNothing() {
    OnnxModel model = network(0, 17);
    Dataset data = samples(SAMPLES, 2, 4, 4);
    OnnxModel found =
        Statistics.repair(
            model, List.of(moments(model, data)), List.of(1.0), data, Progress.none());
    for (int t = 0; t < model.model().tensors().size(); t++) {
      FloatBuffer expected = model.model().tensors().get(t);
      for (int i = 0; i < expected.remaining(); i++) {
        assertEquals(expected.get(i), found.model().tensors().get(t).get(i), 1e-4);
      }
    }
  }

  @Test
  void aNeuronThatNeverVariesStaysAsItIs() {
    GraphBuilder graph = new GraphBuilder(17);
    String x = graph.input("x", 0, 4);
    String hidden = graph.relu(graph.gemm(x, 4, 3));
    graph.output(graph.gemm(hidden, 3, 2), 0, 2);
    OnnxModel a = graph.read();
    List<FloatBuffer> tensors = new ArrayList<>(a.model().tensors());
    FloatBuffer dead = FloatBuffer.allocate(12);
    for (int i = 4; i < 12; i++) {
      dead.put(i, tensors.get(0).get(i));
    }
    tensors.set(0, dead);
    OnnxModel model = a.withTensors(new Model("dead", a.model().architecture(), tensors));
    Dataset data = samples(SAMPLES, 4);
    OnnxModel found =
        Statistics.repair(model, List.of(moments(a, data)), List.of(1.0), data, Progress.none());
    assertArrayEquals(new float[4], Arrays.copyOf(tensor(found, "w0"), 4));
    assertEquals(tensor(model, "b0")[0], tensor(found, "b0")[0]);
    assertEquals(tensor(a, "w0")[5], tensor(found, "w0")[5], 1e-5);
  }

  @Test
  void aLayerWhoseWeightsAreUsedTwiceIsNotRepaired() {
    GraphBuilder graph = new GraphBuilder(17);
    String x = graph.input("x", 0, 4);
    String w = graph.weight("tied", 4, 4);
    String once = graph.node("Gemm", List.of(x, w), "transB", 1);
    String twice = graph.node("Gemm", List.of(graph.node("Neg", List.of(x)), w), "transB", 1);
    String sum = graph.relu(graph.node("Add", List.of(once, graph.relu(twice))));
    graph.output(graph.gemm(graph.relu(graph.gemm(sum, 4, 5)), 5, 2), 0, 2);
    OnnxModel model = graph.read();
    Dataset data = samples(SAMPLES, 4);
    OnnxModel found =
        Statistics.repair(
            model, List.of(moments(other(model, SEED), data)), List.of(1.0), data, Progress.none());
    assertArrayEquals(tensor(model, "tied"), tensor(found, "tied"));
    assertNotEquals(tensor(model, "w6")[0], tensor(found, "w6")[0]);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7})
  void tooFewSamplesAreRefused(int count) {
    OnnxModel model = chain(count == 1 ? 0 : 8, 17);
    assertEquals(
        "%d samples of data set samples are too few for statistics of model %s, expected at least %d"
            .formatted(count, model.model().name(), count == 1 ? 2 : 8),
        assertThrows(InvalidInputException.class, () -> reset(model, samples(count, 3, 2, 2)))
            .getMessage());
  }

  @Test
  void momentsWithoutWeightsAreRefused() {
    OnnxModel model = network(0, 17);
    Dataset data = samples(4, 2, 4, 4);
    List<ActivationMoments> aligned = List.of(moments(model, data));
    assertEquals(
        "2 weights were given for the moments of 1 models, expected one for each",
        assertThrows(
                InvalidInputException.class,
                () -> Statistics.repair(model, aligned, List.of(0.5, 0.5), data, Progress.none()))
            .getMessage());
  }

  @ParameterizedTest
  @CsvSource({"512, 1000, 512", "100000, 65536, 256", "300, 65536, 150", "5, 100000000, 1"})
  void batchesAreEvenAndFitMemory(int samples, long values, int batch) {
    assertEquals(batch, MomentPass.batch(samples, values));
  }
}
