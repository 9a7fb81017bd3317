package org.otfuse.models.runtime;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.InvalidProtocolBufferException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.otfuse.Architecture;
import org.otfuse.InvalidInputException;
import org.otfuse.NeuronGroup;
import org.otfuse.Producer;
import org.otfuse.Progress;
import org.otfuse.UnsupportedModelException;
import org.otfuse.models.Dataset;
import org.otfuse.models.OnnxSession;

/**
 * Runs a model on samples and shows what its producers compute, batch by batch: the loop that
 * activation features and activation moments share. Every producer of a group that may move is
 * tapped; the taps become outputs of a copy of the graph, so ONNX Runtime keeps their values
 * whatever else it fuses. Taps of values whose first axis does not run over the samples are left
 * out: tables that are read at constant places, and networks that keep samples in columns.
 */
public final class ActivationTaps implements AutoCloseable {
  /**
   * Bytes of tapped values that one batch may hold. Much more than fits a cache is slower: on the
   * quarter-width VGG11 256 MiB took about twice as long.
   */
  static final long BATCH_BYTES = 8L << 20;

  /**
   * Neurons of one producer: indices {@code first} to {@code first + size} on one axis of a value.
   *
   * @param value the activation's name
   * @param axis at least 1; axis 0 runs over the samples
   * @param first index of the first neuron
   * @param size how many neurons
   */
  public record Tap(String value, int axis, int first, int size) {}

  /**
   * How a tapped value lies in memory: [samples * outer, axis, inner].
   *
   * @param outer indices before the neurons' axis for each sample
   * @param width length of the neurons' axis
   * @param inner indices after the neurons' axis
   */
  public record Layout(int outer, int width, int inner) {
    /** How many features a sample gives each neuron. */
    public int positions() {
      return Math.multiplyExact(outer, inner);
    }

    /** Index of the first neuron on the axis at a position of a sample of the batch. */
    public int offset(int sample, int position) {
      return (sample * outer + position / inner) * width * inner + position % inner;
    }
  }

  /** Takes the values of one batch. */
  @FunctionalInterface
  public interface Visitor {
    /**
     * Called for each tap and batch, batches in order.
     *
     * @param tap the tap
     * @param layout how its value lies in memory; the same for all batches
     * @param firstSample index of the batch's first sample
     * @param samples how many samples
     * @param values the whole value, valid during the call; more samples may follow as padding
     */
    void visit(Tap tap, Layout layout, int firstSample, int samples, FloatBuffer values);
  }

  private final String model;
  private final Dataset data;
  private final OnnxSession session;
  private final Map<String, List<Tap>> taps = new LinkedHashMap<>();
  private final Map<Tap, Layout> layouts = new HashMap<>();
  private final int batch;

  /** Opens the model with the given taps and learns their shapes from one sample. */
  public ActivationTaps(byte[] onnx, String model, Dataset data, Set<Tap> taps) {
    this.model = model;
    this.data = data;
    for (Tap tap : taps) {
      this.taps.computeIfAbsent(tap.value(), value -> new ArrayList<>()).add(tap);
    }
    this.session = OnnxSession.open(withOutputs(onnx), model);
    boolean done = false;
    try {
      this.batch = measure();
      done = true;
    } finally {
      if (!done) {
        session.close();
      }
    }
  }

  /** Opens the model with its taps and learns their shapes from one sample. */
  public static ActivationTaps open(
      byte[] onnx, String model, Architecture architecture, Dataset samples) {
    Set<Tap> taps = new LinkedHashSet<>();
    for (NeuronGroup group : architecture.groups()) {
      if (group.pinned().isEmpty()) {
        group.producers().forEach(producer -> taps.add(tap(group, producer)));
      }
    }
    return new ActivationTaps(onnx, model, samples, taps);
  }

  public static Tap tap(NeuronGroup group, Producer producer) {
    Producer.Tap tap = producer.tap();
    return new Tap(tap.value(), tap.axis(), tap.first(), group.size());
  }

  /** The samples that the model takes at once, if it leaves no choice. */
  public OptionalInt fixedBatch() {
    return session.hasFixedBatch() ? OptionalInt.of(session.batch()) : OptionalInt.empty();
  }

  /** The taps that run over the samples, with their layouts; the others are left out. */
  public Map<Tap, Layout> layouts() {
    return layouts;
  }

  /** Runs all samples; does nothing if there is nothing to tap. */
  public void run(Visitor visitor, Progress progress) {
    if (taps.isEmpty()) {
      return;
    }
    for (int first = 0; first < data.size(); first += batch) {
      int start = first;
      int count = Math.min(batch, data.size() - first);
      session.run(
          data,
          first,
          count,
          taps.keySet(),
          (value, shape, values) -> {
            for (Tap tap : taps.get(value)) {
              Layout layout = layouts.get(tap);
              if (!layout(tap, shape, count).equals(Optional.of(layout))) {
                throw refuse(tap, shape, "the same shape for every sample");
              }
              visitor.visit(tap, layout, start, count, values);
            }
          });
      progress.step(first + count, data.size());
    }
  }

  /** Runs one sample for the layouts and gives the size of the batches. */
  private int measure() {
    if (taps.isEmpty()) {
      return session.batch();
    }
    long[] sampleBytes = {0};
    session.run(
        data,
        0,
        1,
        taps.keySet(),
        (value, shape, values) -> {
          for (Tap tap : taps.get(value)) {
            layout(tap, shape, 1).ifPresent(layout -> layouts.put(tap, layout));
          }
          sampleBytes[0] += (long) values.remaining() * Float.BYTES;
        });
    if (!session.hasFixedBatch() && data.size() > 1) {
      keepWhatGrows();
    }
    taps.values().forEach(list -> list.retainAll(layouts.keySet()));
    taps.values().removeIf(List::isEmpty);
    if (session.hasFixedBatch()) {
      return session.batch();
    }
    long most = BATCH_BYTES / Math.max(1, sampleBytes[0]);
    return (int) Math.max(1, Math.min(session.batch(), most));
  }

  /** Leaves out what is as large for two samples as for one: no samples lie on its first axis. */
  private void keepWhatGrows() {
    session.run(
        data,
        0,
        2,
        taps.keySet(),
        (value, shape, values) -> {
          for (Tap tap : taps.get(value)) {
            if (!layout(tap, shape, 2).equals(Optional.ofNullable(layouts.get(tap)))) {
              layouts.remove(tap);
            }
          }
        });
  }

  /** How a tapped value lies in memory, or empty if axis 0 does not run over the samples. */
  private Optional<Layout> layout(Tap tap, int[] shape, int count) {
    int rows = session.hasFixedBatch() ? session.batch() : count;
    int axis = tap.axis();
    if (axis >= shape.length || product(shape, 0, shape.length) == 0) {
      throw refuse(tap, shape, "samples on axis 0 and neurons on axis " + axis);
    }
    if (axis < 1 || shape[0] % rows != 0) {
      return Optional.empty();
    }
    if (tap.first() + tap.size() > shape[axis]) {
      throw refuse(tap, shape, "at least %d on axis %d".formatted(tap.first() + tap.size(), axis));
    }
    int outer = product(shape, 0, axis) / rows;
    return Optional.of(new Layout(outer, shape[axis], product(shape, axis + 1, shape.length)));
  }

  private static int product(int[] shape, int from, int to) {
    return Arrays.stream(shape, from, to).reduce(1, Math::multiplyExact);
  }

  private UnsupportedModelException refuse(Tap tap, int[] shape, String expected) {
    return new UnsupportedModelException(
        "activation %s of model %s has shape %s, expected %s"
            .formatted(tap.value(), model, Arrays.toString(shape), expected));
  }

  /** The model with the taps among its outputs. */
  private byte[] withOutputs(byte[] onnx) {
    OnnxMl.ModelProto.Builder proto;
    try {
      proto = OnnxMl.ModelProto.parseFrom(onnx).toBuilder();
    } catch (InvalidProtocolBufferException e) {
      throw new InvalidInputException(
          "model %s is no ONNX file: %s".formatted(model, e.getMessage()), e);
    }
    OnnxMl.GraphProto.Builder graph = proto.getGraphBuilder();
    Set<String> computed = new HashSet<>();
    graph.getNodeList().forEach(node -> computed.addAll(node.getOutputList()));
    Set<String> outputs = new HashSet<>();
    graph.getOutputList().forEach(output -> outputs.add(output.getName()));
    for (String value : taps.keySet()) {
      if (!computed.contains(value)) {
        throw new InvalidInputException(
            "model %s computes no activation %s, expected it as in its architecture"
                .formatted(model, value));
      }
      if (outputs.add(value)) {
        graph.addOutput(floatValue(value));
      }
    }
    return proto.build().toByteArray();
  }

  public static OnnxMl.ValueInfoProto floatValue(String name) {
    OnnxMl.TypeProto.Tensor tensor =
        OnnxMl.TypeProto.Tensor.newBuilder()
            .setElemType(OnnxMl.TensorProto.DataType.FLOAT_VALUE)
            .build();
    return OnnxMl.ValueInfoProto.newBuilder()
        .setName(name)
        .setType(OnnxMl.TypeProto.newBuilder().setTensorType(tensor))
        .build();
  }

  @Override
  public void close() {
    session.close();
  }
}
