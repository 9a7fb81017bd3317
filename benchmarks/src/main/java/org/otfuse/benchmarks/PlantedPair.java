package org.otfuse.benchmarks;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.otfuse.Activations;
import org.otfuse.Architecture;
import org.otfuse.Model;
import org.otfuse.TensorLayout;
import org.otfuse.TensorLayout.Axis;
import org.otfuse.TensorLayout.Segment;
import org.otfuse.cli.bench.Inputs;

/**
 * Two networks whose fusion is known: the second is the first plus noise, its neurons shuffled.
 * With the shuffle undone the two average to the first plus half the noise. Every tensor has one
 * slab and every axis one segment with blocks of 1.
 */
final class PlantedPair {
  /** Small enough for every neuron to be found again, large enough for the search to be work. */
  private static final double NOISE = 0.3;

  private static final int ACTIVATIONS = 512;

  private final Architecture architecture;
  private final List<int[]> permutations = new ArrayList<>();
  private final long seed;
  private final FloatBuffer first;
  private final FloatBuffer second;
  private final FloatBuffer expected;

  PlantedPair(Architecture architecture, long seed) {
    this.architecture = architecture;
    this.seed = seed;
    SplittableRandom random = new SplittableRandom(seed);
    architecture
        .groups()
        .forEach(group -> permutations.add(Inputs.permutation(group.size(), random)));
    first = Inputs.weights(architecture, seed);
    second = Inputs.direct(first.capacity());
    expected = Inputs.direct(first.capacity());
    FloatBuffer normal = NormalValues.direct(first.capacity(), seed);
    int offset = 0;
    for (TensorLayout tensor : architecture.tensors()) {
      double noise = tensor.shape().size() == 1 ? NOISE / 10 : NOISE;
      double[] noisy = new double[tensor.length()];
      for (int k = 0; k < noisy.length; k++) {
        float own = first.get(offset + k);
        noisy[k] = own + noise * normal.get(offset + k);
        expected.put(offset + k, (float) ((own + noisy[k]) / 2));
      }
      shuffle(tensor, noisy, offset);
      offset += noisy.length;
    }
  }

  /** Writes the second network's tensor: what belongs to neuron i comes from neuron p(i). */
  private void shuffle(TensorLayout tensor, double[] noisy, int offset) {
    List<Axis> axes = tensor.slabs().get(0).axes();
    for (int k = 0; k < noisy.length; k++) {
      int from = 0;
      int stride = 1;
      int rest = k;
      for (int a = axes.size() - 1; a >= 0; a--) {
        int size = tensor.shape().get(a);
        from += source(axes.get(a), rest % size) * stride;
        stride *= size;
        rest /= size;
      }
      second.put(offset + k, (float) noisy[from]);
    }
  }

  private int source(Axis axis, int index) {
    int group = axis.segments().get(0).group();
    return group == Segment.PLAIN ? index : permutations.get(group)[index];
  }

  /** Both networks, each with its tensors one after the other, off the heap. */
  List<FloatBuffer> weights() {
    return List.of(first, second);
  }

  List<Model> models() {
    return List.of(model("first", first), model("second", second));
  }

  private Model model(String name, FloatBuffer weights) {
    List<FloatBuffer> tensors = new ArrayList<>();
    int offset = 0;
    for (TensorLayout tensor : architecture.tensors()) {
      tensors.add(weights.slice(offset, tensor.length()));
      offset += tensor.length();
    }
    return new Model(name, architecture, tensors);
  }

  /** Normally distributed activations [n,512] of each producer, noisy in the second network. */
  List<Activations> activations() {
    List<List<FloatBuffer>> plain = new ArrayList<>();
    List<List<FloatBuffer>> shuffled = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(seed + 1);
    for (int g = 0; g < permutations.size(); g++) {
      List<FloatBuffer> own = new ArrayList<>();
      List<FloatBuffer> other = new ArrayList<>();
      for (int p = 0; p < architecture.groups().get(g).producers().size(); p++) {
        float[] values = Inputs.gaussians(permutations.get(g).length * ACTIVATIONS, random);
        own.add(BackendSuite.direct(values));
        other.add(BackendSuite.direct(noisyRows(values, permutations.get(g), random)));
      }
      plain.add(own);
      shuffled.add(other);
    }
    return List.of((g, p) -> plain.get(g).get(p), (g, p) -> shuffled.get(g).get(p));
  }

  private static float[] noisyRows(float[] values, int[] source, SplittableRandom random) {
    float[] rows = new float[values.length];
    for (int k = 0; k < rows.length; k++) {
      int from = source[k / ACTIVATIONS] * ACTIVATIONS + k % ACTIVATIONS;
      rows[k] = (float) (values[from] + NOISE * random.nextGaussian());
    }
    return rows;
  }

  /** Throws unless these are the weights that the fusion should have, in the 2-norm. */
  void check(FloatBuffer fused, double tolerance) {
    double error = 0;
    double norm = 0;
    for (int k = 0; k < expected.capacity(); k++) {
      double difference = (double) fused.get(k) - expected.get(k);
      error += difference * difference;
      norm += (double) expected.get(k) * expected.get(k);
    }
    WrongResultException.unlessClose(
        "relative error of the fused weights", Math.sqrt(error / norm), 0, tolerance);
  }
}
