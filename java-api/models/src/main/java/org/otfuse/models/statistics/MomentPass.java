package org.otfuse.models.statistics;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import org.otfuse.InvalidInputException;
import org.otfuse.Progress;
import org.otfuse.models.Dataset;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.OnnxSession;
import org.otfuse.models.onnx.GraphView;
import org.otfuse.models.runtime.ActivationTaps;
import org.otfuse.models.runtime.ActivationTaps.Layout;
import org.otfuse.models.runtime.ActivationTaps.Tap;
import org.otfuse.models.statistics.MomentGraph.Correction;
import org.otfuse.models.statistics.MomentGraph.Measured;

/**
 * Corrects the statistics of a model's values in topological order, each as the corrections before
 * it leave it.
 *
 * <p>Where one batch holds all samples this takes one pass: within the batch every value is at once
 * corrected by its own moments. Otherwise there is one pass a value, because the moments of all
 * samples must be known before what reads the value can be measured. So the size of the batches
 * changes nothing but rounding.
 */
final class MomentPass {
  /** Bytes that the largest value and what is computed from it may take in one batch. */
  private static final long BATCH_BYTES = 256L << 20;

  /**
   * Copies of a value that are alive at once: itself, the distances from the mean, their squares.
   */
  private static final int COPIES = 4;

  /**
   * A value to correct.
   *
   * @param value its name
   * @param axis the axis that neurons index, at least 1
   */
  record Place(String value, int axis) {
    Tap tap() {
      return new Tap(value, axis, 0, 1);
    }
  }

  /** What is done to the values. */
  interface Corrections {
    /** How the readers of a value shall see it, given the length of its axis of neurons. */
    Correction of(int place, int width);

    /** The model with a value corrected for good by its moments. */
    OnnxModel write(OnnxModel model, int place, Moments moments);
  }

  private final Dataset samples;
  private final Corrections corrections;
  private final Progress progress;
  private final Map<Integer, Measured> measured = new HashMap<>();
  private final int batch;
  private final int usable;

  private MomentPass(
      OnnxModel model,
      List<Place> places,
      Corrections corrections,
      Dataset samples,
      Progress progress) {
    this.samples = samples;
    this.corrections = corrections;
    this.progress = progress;
    String input = model.inputs().get(0).name();
    Set<Tap> taps =
        places.stream()
            .filter(place -> !place.value.equals(input))
            .map(Place::tap)
            .collect(Collectors.toSet());
    OptionalInt fixed;
    try (ActivationTaps open =
        new ActivationTaps(model.toBytes(), model.model().name(), samples, taps)) {
      for (int p = 0; p < places.size(); p++) {
        Place place = places.get(p);
        Layout layout = place.value.equals(input) ? inputLayout() : open.layouts().get(place.tap());
        if (layout != null) {
          measured.put(p, new Measured(place.value, layout, corrections.of(p, layout.width())));
        }
      }
      fixed = open.fixedBatch();
    }
    this.batch = fixed.orElseGet(this::largestBatch);
    this.usable = fixed.isPresent() ? samples.size() / batch * batch : samples.size();
    if (usable < 2) {
      throw new InvalidInputException(
          "%d samples of data set %s are too few for statistics of model %s, expected at least %d"
              .formatted(samples.size(), samples.name(), model.model().name(), Math.max(2, batch)));
    }
  }

  /** How channels lie in the samples. */
  private Layout inputLayout() {
    List<Integer> shape = samples.imageShape();
    int inner = shape.stream().skip(1).reduce(1, (a, b) -> a * b);
    return new Layout(1, shape.get(0), inner);
  }

  /**
   * Corrects values; those that have no samples on their first axis stay as they are.
   *
   * @param model the model
   * @param places the values, in any order
   * @param corrections what is done to them
   * @param samples the calibration samples; where the model fixes its batch, whole batches of them
   * @param progress hears how many samples are done
   * @return the corrected model
   * @throws InvalidInputException if the samples do not fit or are too few
   */
  static OnnxModel run(
      OnnxModel model,
      List<Place> places,
      Corrections corrections,
      Dataset samples,
      Progress progress) {
    if (places.isEmpty()) {
      return model;
    }
    MomentPass pass = new MomentPass(model, places, corrections, samples, progress);
    List<Integer> order = new ArrayList<>(order(model, places));
    order.retainAll(pass.measured.keySet());
    if (order.isEmpty()) {
      return model;
    }
    if (pass.batch >= pass.usable) {
      return pass.correct(model, order, 0, 1);
    }
    OnnxModel corrected = model;
    for (int p = 0; p < order.size(); p++) {
      corrected = pass.correct(corrected, List.of(order.get(p)), p, order.size());
    }
    return corrected;
  }

  /** The places by the order in which the graph computes their values. */
  private static List<Integer> order(OnnxModel model, List<Place> places) {
    Map<String, Integer> computed = new HashMap<>();
    for (int n : new GraphView(model.graph(), model.model().name()).order()) {
      for (String output : model.graph().getNode(n).getOutputList()) {
        computed.put(output, computed.size());
      }
    }
    List<Integer> order = new ArrayList<>();
    for (int p = 0; p < places.size(); p++) {
      order.add(p);
    }
    order.sort(Comparator.comparing(p -> computed.getOrDefault(places.get(p).value(), -1)));
    return order;
  }

  private int largestBatch() {
    long values =
        measured.values().stream()
            .mapToLong(m -> (long) m.layout().outer() * m.layout().width() * m.layout().inner())
            .max()
            .orElse(1);
    return batch(samples.size(), values);
  }

  /** As many samples as memory allows, in batches of equal size, by values a sample. */
  static int batch(int samples, long values) {
    long most = Math.max(1, BATCH_BYTES / (COPIES * Float.BYTES * values));
    long batches = (samples + most - 1) / most;
    return (int) ((samples + batches - 1) / batches);
  }

  /** Measures some values in one pass over the samples, and corrects them. */
  private OnnxModel correct(OnnxModel model, List<Integer> places, int pass, int passes) {
    List<Measured> now = places.stream().map(measured::get).toList();
    List<Moments> moments = now.stream().map(m -> new Moments(m.layout().width())).toList();
    Set<String> outputs = new LinkedHashSet<>();
    for (int i = 0; i < now.size(); i++) {
      outputs.add(MomentGraph.mean(i));
      outputs.add(MomentGraph.variance(i));
    }
    byte[] graph = MomentGraph.of(model.toBytes(), now);
    try (OnnxSession session = OnnxSession.open(graph, model.model().name())) {
      for (int first = 0; first < usable; first += batch) {
        int count = Math.min(batch, usable - first);
        Map<String, float[]> values = new HashMap<>();
        session.run(
            samples,
            first,
            count,
            outputs,
            (output, shape, buffer) -> values.put(output, floats(buffer)));
        for (int i = 0; i < now.size(); i++) {
          Layout layout = now.get(i).layout();
          join(
              moments.get(i),
              values.get(MomentGraph.mean(i)),
              values.get(MomentGraph.variance(i)),
              (long) count * layout.outer() * layout.inner());
        }
        progress.step(pass * usable + first + count, passes * usable);
      }
    }
    OnnxModel corrected = model;
    for (int i = 0; i < places.size(); i++) {
      corrected = corrections.write(corrected, places.get(i), moments.get(i));
    }
    return corrected;
  }

  private static float[] floats(FloatBuffer buffer) {
    float[] values = new float[buffer.remaining()];
    buffer.get(values);
    return values;
  }

  private static void join(Moments moments, float[] mean, float[] variance, long count) {
    for (int i = 0; i < mean.length; i++) {
      moments.join(i, mean[i], (double) variance[i] * count, count);
    }
    moments.count(count);
  }
}
