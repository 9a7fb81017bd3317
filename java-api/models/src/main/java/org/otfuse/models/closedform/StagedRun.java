package org.otfuse.models.closedform;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.google.protobuf.UnsafeByteOperations;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.otfuse.InvalidInputException;
import org.otfuse.UnsupportedModelException;
import org.otfuse.models.Dataset;
import org.otfuse.models.TensorInfo;
import org.otfuse.models.runtime.OnnxRuntime;

/**
 * Runs a network on samples piece by piece: each call computes the values asked for with the
 * weights as they are then, from those that are still alive, so that over all calls a node runs
 * once. Values live as long as a node that has not run reads them or they are held. Samples go
 * through in chunks; where the model fixes its batch, those are whole batches.
 */
final class StagedRun implements AutoCloseable {
  /** A file that asks for more would cost far more memory than the samples have. */
  private static final int MAX_BATCH = 4096;

  /** Samples of a chunk where the model leaves the choice. */
  private static final int CHUNK = 128;

  /** What ONNX Runtime's names of types start with; the rest is as in the format. */
  private static final String TYPE = "ONNX_TENSOR_ELEMENT_DATA_TYPE_";

  private final Network network;
  private final OrtEnvironment environment = OnnxRuntime.get();
  private final boolean[] constant;
  private final boolean[] done;
  private final Map<String, Integer> makers = new HashMap<>();
  private final Map<String, List<OnnxTensor>> alive = new HashMap<>();
  private final Set<String> held = new HashSet<>();
  private final int chunks;

  /** Feeds the samples. */
  StagedRun(Network network, Dataset samples) {
    this.network = network;
    this.constant = new boolean[network.nodes()];
    this.done = new boolean[network.nodes()];
    for (int n : network.order()) {
      for (String output : network.node(n).getOutputList()) {
        makers.put(output, n);
      }
      constant[n] =
          Network.reads(network.node(n)).stream()
              .allMatch(
                  read ->
                      network.tensor(read) >= 0
                          || network.constants().containsKey(read)
                          || makers.containsKey(read) && constant[makers.get(read)]);
    }
    if (network.inputs().size() != 1) {
      throw new UnsupportedModelException(
          "model %s has the inputs %s, expected one"
              .formatted(network.name(), network.inputs().stream().map(TensorInfo::name).toList()));
    }
    TensorInfo input = network.inputs().get(0);
    int chunk = chunk(input, samples);
    this.chunks = samples.size() < chunk ? 1 : (samples.size() + chunk - 1) / chunk;
    feed(input.name(), samples, chunk);
  }

  private int chunk(TensorInfo input, Dataset samples) {
    List<Integer> shape = input.shape();
    boolean fits = shape.isEmpty() || shape.size() == samples.imageShape().size() + 1;
    for (int a = 1; fits && a < shape.size(); a++) {
      fits =
          shape.get(a) == TensorInfo.UNKNOWN
              || shape.get(a).equals(samples.imageShape().get(a - 1));
    }
    if (!fits) {
      throw new InvalidInputException(
          "data set %s has images of shape %s, model %s expects %s"
              .formatted(
                  samples.name(),
                  samples.imageShape(),
                  network.name(),
                  shape.stream()
                      .skip(1)
                      .map(size -> size == TensorInfo.UNKNOWN ? "any" : String.valueOf(size))
                      .toList()));
    }
    if (shape.isEmpty() || shape.get(0) == TensorInfo.UNKNOWN) {
      return Math.min(CHUNK, samples.size());
    }
    if (shape.get(0) > MAX_BATCH) {
      throw new UnsupportedModelException(
          "model %s has a fixed batch of %d, expected at most %d"
              .formatted(network.name(), shape.get(0), MAX_BATCH));
    }
    return shape.get(0);
  }

  /**
   * Feeds the input; a last chunk that does not fill a fixed batch takes samples from the start.
   */
  private void feed(String name, Dataset samples, int chunk) {
    List<OnnxTensor> fed = new ArrayList<>();
    boolean open =
        network.inputs().get(0).shape().isEmpty()
            || network.inputs().get(0).shape().get(0) == TensorInfo.UNKNOWN;
    alive.put(name, fed);
    try {
      for (int first = 0; first < samples.size(); first += chunk) {
        int count = Math.min(chunk, samples.size() - first);
        int rows = open ? count : chunk;
        long[] shape = new long[samples.imageShape().size() + 1];
        shape[0] = rows;
        int length = 1;
        for (int a = 1; a < shape.length; a++) {
          shape[a] = samples.imageShape().get(a - 1);
          length *= (int) shape[a];
        }
        FloatBuffer values = samples.images(first, count);
        if (rows > count) {
          values = repeated(values, rows * length, length);
        }
        fed.add(OnnxTensor.createTensor(environment, values, shape));
      }
    } catch (OrtException e) {
      close();
      throw refuse(e);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private static FloatBuffer repeated(FloatBuffer values, int length, int sample) {
    FloatBuffer all =
        ByteBuffer.allocateDirect(length * Float.BYTES)
            .order(ByteOrder.nativeOrder())
            .asFloatBuffer();
    for (int i = 0; i < length; i++) {
      all.put(values.get(values.position() + i % values.remaining()));
    }
    return all.rewind();
  }

  /** In how many chunks values come. */
  int chunks() {
    return chunks;
  }

  /** Whether a value can be computed without a node. */
  boolean avoids(String value, Collection<Integer> nodes) {
    return stage(List.of(value)).stream().noneMatch(nodes::contains);
  }

  /** Computes values and holds them until they are released. */
  void compute(Collection<String> values) {
    held.addAll(values);
    List<String> missing = values.stream().filter(value -> !alive.containsKey(value)).toList();
    if (missing.isEmpty()) {
      return;
    }
    Set<Integer> stage = stage(missing);
    Set<String> outputs = new LinkedHashSet<>();
    Set<String> inputs = new LinkedHashSet<>();
    for (int n : stage) {
      for (String output : network.node(n).getOutputList()) {
        boolean wanted = held.contains(output) || isRead(output, stage);
        if (!output.isEmpty() && !constant[n] && wanted) {
          outputs.add(output);
        }
      }
      for (String read : Network.reads(network.node(n))) {
        if (alive.containsKey(read)) {
          inputs.add(read);
        }
      }
    }
    run(stage, inputs, outputs);
    stage.stream().filter(n -> !constant[n]).forEach(n -> done[n] = true);
    new ArrayList<>(alive.keySet()).forEach(this::dropUnread);
  }

  /** Whether a node that has not run, nor is in the stage, reads a value. */
  private boolean isRead(String value, Set<Integer> stage) {
    return network.readers(value).stream().anyMatch(n -> !done[n] && !stage.contains(n));
  }

  /** The nodes that have to run for some values, in topological order. */
  private Set<Integer> stage(Collection<String> values) {
    Set<Integer> needed = new HashSet<>();
    Deque<String> open = new ArrayDeque<>(values);
    while (!open.isEmpty()) {
      String value = open.pop();
      Integer maker = alive.containsKey(value) ? null : makers.get(value);
      if (maker != null && needed.add(maker)) {
        open.addAll(Network.reads(network.node(maker)));
      }
    }
    Set<Integer> ordered = new LinkedHashSet<>();
    network.order().stream().filter(needed::contains).forEach(ordered::add);
    return ordered;
  }

  private void run(Set<Integer> stage, Set<String> inputs, Set<String> outputs) {
    byte[] bytes = model(stage, inputs, outputs).toByteArray();
    for (String output : outputs) {
      alive.put(output, new ArrayList<>());
    }
    int threads = Runtime.getRuntime().availableProcessors();
    try (OrtSession session = OnnxRuntime.session(bytes, network.name(), threads)) {
      for (int c = 0; c < chunks; c++) {
        Map<String, OnnxTensor> feeds = new HashMap<>();
        for (String input : inputs) {
          feeds.put(input, alive.get(input).get(c));
        }
        keep(session.run(feeds, outputs), outputs);
      }
    } catch (OrtException e) {
      throw refuse(e);
    }
  }

  /** Takes the tensors of a result over, each until it is dropped, or else closes them all. */
  private void keep(OrtSession.Result result, Set<String> outputs) {
    Map<String, OnnxTensor> tensors = new HashMap<>();
    try {
      for (String output : outputs) {
        OnnxValue value = result.get(output).orElseThrow();
        if (!(value instanceof OnnxTensor tensor)) {
          throw new UnsupportedModelException(
              "value %s of model %s is no tensor, expected one".formatted(output, network.name()));
        }
        tensors.put(output, tensor);
      }
    } catch (RuntimeException | Error e) {
      result.close();
      throw e;
    }
    tensors.forEach((output, tensor) -> alive.get(output).add(tensor));
  }

  private UnsupportedModelException refuse(OrtException e) {
    return new UnsupportedModelException(
        "model %s fails on the calibration samples: %s"
            .formatted(network.name(), e.getMessage().lines().findFirst().orElse("").strip()),
        e);
  }

  private ModelProto model(Set<Integer> stage, Set<String> inputs, Set<String> outputs) {
    GraphProto.Builder graph = GraphProto.newBuilder().setName("stage");
    Set<String> added = new HashSet<>();
    for (int n : stage) {
      NodeProto node = network.node(n);
      boolean weight =
          node.getOpType().equals("Constant") && network.tensor(node.getOutput(0)) >= 0;
      if (!weight) {
        graph.addNode(node);
      }
      for (String read : Network.reads(node)) {
        if (added.add(read)) {
          addInitializer(graph, read);
        }
      }
    }
    inputs.forEach(input -> graph.addInput(declared(input)));
    outputs.forEach(output -> graph.addOutput(ValueInfoProto.newBuilder().setName(output)));
    return network.frame().toBuilder().setGraph(graph).build();
  }

  private void addInitializer(GraphProto.Builder graph, String name) {
    int tensor = network.tensor(name);
    if (tensor < 0) {
      if (network.constants().containsKey(name)) {
        graph.addInitializer(network.constants().get(name));
      }
      return;
    }
    float[] values = network.values(tensor);
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    TensorProto.Builder proto =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(TensorProto.DataType.FLOAT_VALUE)
            .setRawData(UnsafeByteOperations.unsafeWrap(bytes));
    network.shape(tensor).forEach(proto::addDims);
    graph.addInitializer(proto);
  }

  private ValueInfoProto declared(String value) {
    String type = alive.get(value).get(0).getInfo().onnxType.name().substring(TYPE.length());
    return ValueInfoProto.newBuilder()
        .setName(value)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder()
                        .setElemType(TensorProto.DataType.valueOf(type).getNumber())))
        .build();
  }

  /** The shape of a value that was computed. */
  int[] shape(String value, int chunk) {
    long[] shape = alive.get(value).get(chunk).getInfo().getShape();
    return Arrays.stream(shape).mapToInt(Math::toIntExact).toArray();
  }

  /** A value that was computed, as floats. */
  Values values(String value, int chunk) {
    OnnxTensor tensor = alive.get(value).get(chunk);
    int[] shape = shape(value, chunk);
    FloatBuffer buffer = tensor.getFloatBuffer();
    float[] values = new float[buffer.remaining()];
    buffer.get(values);
    return new Values(shape, values);
  }

  /**
   * A tensor in memory.
   *
   * @param shape its sizes
   * @param values row-major
   */
  record Values(int[] shape, float[] values) {
    /** Sizes before, on and after an axis. */
    int outer(int axis) {
      return product(0, axis);
    }

    int inner(int axis) {
      return product(axis + 1, shape.length);
    }

    private int product(int from, int to) {
      int product = 1;
      for (int a = from; a < to; a++) {
        product *= shape[a];
      }
      return product;
    }
  }

  /** Lets values go that were held. */
  void release(Collection<String> values) {
    held.removeAll(values);
    values.forEach(this::dropUnread);
  }

  private void dropUnread(String value) {
    boolean read = network.readers(value).stream().anyMatch(n -> !done[n]);
    if (!read && !held.contains(value) && alive.containsKey(value)) {
      alive.remove(value).forEach(OnnxTensor::close);
    }
  }

  @Override
  public void close() {
    alive.values().forEach(tensors -> tensors.forEach(OnnxTensor::close));
    alive.clear();
  }
}
