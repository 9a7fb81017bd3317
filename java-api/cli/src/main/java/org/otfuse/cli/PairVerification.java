package org.otfuse.cli;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.otfuse.FusionEngine;
import org.otfuse.NeuronGroup;
import org.otfuse.Progress;
import org.otfuse.models.Dataset;
import org.otfuse.models.OnnxActivations;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.OnnxSession;
import org.otfuse.models.TensorInfo;
import org.otfuse.spi.NeuronMap;

/**
 * Checks that a model which hard maps have aligned is the original with its neurons in another
 * order. The orders are found again from what both compute, group by group, so that the alignment
 * is not taken at its word; then each is applied to the original alone.
 *
 * @param groups the neuron groups, in topological order
 * @param outputs the largest change of the model's outputs
 */
record PairVerification(List<Group> groups, double outputs) {
  /** Changes up to this, relative to the largest value, are rounding. */
  static final double TOLERANCE = 1e-4;

  /** Features of a neuron that are looked at. */
  private static final int FEATURES = 1024;

  /**
   * A neuron group.
   *
   * @param name its name
   * @param size its number of neurons
   * @param pinned why it stays
   * @param moved neurons that have another place
   * @param layer the largest change of what its neurons compute, once they are in order
   * @param alone the largest change of the model's outputs if only this group is put in the new
   *     order
   */
  record Group(
      String name, int size, Optional<String> pinned, int moved, double layer, double alone) {
    boolean unchanged() {
      return layer <= TOLERANCE && alone <= TOLERANCE;
    }
  }

  /** Copies the list. */
  PairVerification {
    groups = List.copyOf(groups);
  }

  /** Whether the aligned model computes the same function. */
  boolean unchanged() {
    return outputs <= TOLERANCE;
  }

  /** The first group that is to blame for a change. */
  Optional<Group> firstChanged() {
    return groups.stream().filter(group -> !group.unchanged()).findFirst();
  }

  /**
   * Compares a model with itself after alignment.
   *
   * @param original the model
   * @param aligned the same with its neurons in another order; widths are equal
   * @param samples what both are run on
   */
  static PairVerification of(
      FusionEngine engine,
      OnnxModel original,
      OnnxModel aligned,
      Dataset samples,
      Progress progress) {
    OnnxActivations before = activations(original, samples);
    OnnxActivations after = activations(aligned, samples);
    float[] expected = outputs(original, samples);
    List<NeuronGroup> groups = original.model().architecture().groups();
    List<Group> found = new ArrayList<>();
    for (int g = 0; g < groups.size(); g++) {
      NeuronGroup group = groups.get(g);
      if (group.pinned().isPresent()) {
        found.add(new Group(group.name(), group.size(), group.pinned(), 0, 0, 0));
      } else {
        Match match = Match.of(before.of(g, 0), after.of(g, 0), group.size());
        OnnxModel alone =
            original.withTensors(engine.carry(original.model(), only(groups, g, match.source)));
        found.add(
            new Group(
                group.name(),
                group.size(),
                group.pinned(),
                match.moved(),
                match.change,
                change(expected, outputs(alone, samples))));
      }
      progress.step(g + 1, groups.size());
    }
    return new PairVerification(found, change(expected, outputs(aligned, samples)));
  }

  private static OnnxActivations activations(OnnxModel model, Dataset samples) {
    return OnnxActivations.capture(
        model.toBytes(),
        model.model().name(),
        model.model().architecture(),
        samples,
        FEATURES,
        Progress.none());
  }

  /** What a model computes: all values of all outputs, batch after batch. */
  static float[] outputs(OnnxModel file, Dataset samples) {
    List<float[]> parts = new ArrayList<>();
    Set<String> names =
        file.outputs().stream()
            .map(TensorInfo::name)
            .collect(Collectors.toCollection(LinkedHashSet::new));
    try (OnnxSession session = OnnxSession.open(file.toBytes(), file.model().name())) {
      for (int start = 0; start < samples.size(); start += session.batch()) {
        session.run(
            samples,
            start,
            Math.min(session.batch(), samples.size() - start),
            names,
            (output, shape, values) -> {
              float[] part = new float[values.remaining()];
              values.get(part);
              parts.add(part);
            });
      }
    }
    float[] all = new float[parts.stream().mapToInt(part -> part.length).sum()];
    int at = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }

  private static List<NeuronMap> only(List<NeuronGroup> groups, int moved, int[] source) {
    List<NeuronMap> maps = new ArrayList<>();
    for (int g = 0; g < groups.size(); g++) {
      int size = groups.get(g).size();
      maps.add(g == moved ? new NeuronMap.Hard(source, size) : new NeuronMap.Identity(size));
    }
    return maps;
  }

  /** The largest difference relative to the largest value. */
  static double change(float[] expected, float[] found) {
    double scale = 0;
    double difference = 0;
    for (int i = 0; i < expected.length; i++) {
      scale = Math.max(scale, Math.abs(expected[i]));
      difference = Math.max(difference, Math.abs(expected[i] - found[i]));
    }
    return scale == 0 ? difference : difference / scale;
  }

  /**
   * Which neuron of the original each neuron of the aligned model is: the one among those left
   * whose features are nearest.
   */
  private record Match(int[] source, double change) {
    static Match of(FloatBuffer before, FloatBuffer after, int n) {
      int d = before.remaining() / n;
      boolean[] taken = new boolean[n];
      int[] source = new int[n];
      float[] ordered = new float[n * d];
      for (int j = 0; j < n; j++) {
        double least = Double.POSITIVE_INFINITY;
        for (int i = 0; i < n; i++) {
          double distance = taken[i] ? least : distance(before, i, after, j, d, least);
          if (distance < least) {
            least = distance;
            source[j] = i;
          }
        }
        taken[source[j]] = true;
        before.get(source[j] * d, ordered, j * d, d);
      }
      float[] found = new float[n * d];
      after.get(0, found);
      return new Match(source, PairVerification.change(ordered, found));
    }

    /** The squared distance, or some number above the bound as soon as it is passed. */
    private static double distance(
        FloatBuffer before, int i, FloatBuffer after, int j, int d, double bound) {
      double sum = 0;
      for (int k = 0; k < d && sum < bound; k++) {
        double difference = before.get(i * d + k) - after.get(j * d + k);
        sum += difference * difference;
      }
      return sum;
    }

    int moved() {
      int moved = 0;
      for (int j = 0; j < source.length; j++) {
        moved += source[j] == j ? 0 : 1;
      }
      return moved;
    }
  }
}
