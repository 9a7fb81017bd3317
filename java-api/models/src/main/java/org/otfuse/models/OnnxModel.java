package org.otfuse.models;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.otfuse.InvalidInputException;
import org.otfuse.Model;
import org.otfuse.TensorLayout;
import org.otfuse.UnsupportedModelException;
import org.otfuse.models.file.AtomicFile;
import org.otfuse.models.onnx.GraphView;
import org.otfuse.models.onnx.OnnxFile;
import org.otfuse.models.onnx.OnnxReader;
import org.otfuse.models.onnx.OnnxWriter;
import org.otfuse.models.onnx.Parameter;
import org.otfuse.models.trace.WeightUses;

/**
 * A model file in the ONNX format: its weights as a {@link Model} whose neuron groups were traced
 * through the graph, and everything else of the file as it was. Immutable and thread-safe.
 *
 * <pre>{@code
 * OnnxModel file = OnnxModel.read(Path.of("a.onnx"));
 * OnnxModel same = OnnxModel.read(file.toBytes(), "same");
 * long bytes = same.memoryBytes();
 * same.write(Path.of("same.onnx"));
 * }</pre>
 */
public final class OnnxModel {
  /** Bytes of an array at most, which is little less than ONNX allows. */
  private static final int LARGEST = Integer.MAX_VALUE - 9;

  private final ModelProto skeleton;
  private final List<Parameter> parameters;
  private final WeightUses uses;
  private final Model model;
  private final Set<Path> dataFiles;

  private OnnxModel(
      ModelProto skeleton,
      List<Parameter> parameters,
      WeightUses uses,
      Model model,
      Set<Path> dataFiles) {
    this.skeleton = skeleton;
    this.parameters = parameters;
    this.uses = uses;
    this.model = model;
    this.dataFiles = dataFiles;
  }

  /**
   * Reads and traces a model file. Weights may lie in the file, in files beside it (external data)
   * or in Constant nodes; only files inside the model's own folder are opened.
   *
   * @param path the file
   * @return the model, named after the file
   * @throws InvalidInputException if there is no such file, it is no ONNX model, it is damaged, its
   *     external data is missing or lies outside its folder, or a weight is not finite
   * @throws UnsupportedModelException if it has weights of another type than 32-bit float
   */
  public static OnnxModel read(Path path) {
    OnnxFile file = OnnxReader.read(path);
    return of(TracedFile.of(file), String.valueOf(path.getFileName()), file.data());
  }

  /**
   * Reads and traces a model in memory.
   *
   * @param onnx the bytes of an ONNX file, not kept
   * @param name of the model
   * @return the model
   * @throws InvalidInputException as {@link #read(Path)}, or if some of its weights are not among
   *     the bytes (external data)
   * @throws UnsupportedModelException if it has weights of another type than 32-bit float
   */
  public static OnnxModel read(byte[] onnx, String name) {
    return of(new ByteArrayInputStream(onnx), onnx.length, name);
  }

  /**
   * Reads and traces a model from a stream, to its end. All its bytes are in memory at once before
   * its weights are; they end at the 2 GB that ONNX allows.
   *
   * @param in the bytes of an ONNX file, left open
   * @param name of the model
   * @return the model
   * @throws InvalidInputException as {@link #read(byte[], String)}, or if the stream fails
   * @throws UnsupportedModelException if it has weights of another type than 32-bit float
   */
  public static OnnxModel read(InputStream in, String name) {
    try {
      byte[] onnx = in.readNBytes(LARGEST + 1);
      if (onnx.length > LARGEST) {
        throw new InvalidInputException(
            "%s has more than %d bytes; larger models keep their weights in external data"
                .formatted(name, LARGEST));
      }
      return read(onnx, name);
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + name + ": " + AtomicFile.reason(e), e);
    }
  }

  /**
   * Reads and traces a model from a channel, from its position to its end. What tells its size,
   * such as a file's channel, is read piece by piece as a file is; others as a stream.
   *
   * @param in the bytes of an ONNX file, left open
   * @param name of the model
   * @return the model
   * @throws InvalidInputException as {@link #read(byte[], String)}, or if the channel fails
   * @throws UnsupportedModelException if it has weights of another type than 32-bit float
   */
  public static OnnxModel read(ReadableByteChannel in, String name) {
    if (!(in instanceof SeekableByteChannel sized)) {
      return read(Channels.newInputStream(in), name);
    }
    try {
      return of(Channels.newInputStream(in), sized.size() - sized.position(), name);
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + name + ": " + AtomicFile.reason(e), e);
    }
  }

  private static OnnxModel of(InputStream in, long size, String name) {
    try {
      return of(TracedFile.of(OnnxReader.read(in, size, Path.of(name))), name, Set.of());
    } catch (InvalidPathException e) {
      throw new InvalidInputException(
          "A model cannot be called '%s': %s.".formatted(name, e.getReason()), e);
    }
  }

  private static OnnxModel of(TracedFile file, String name, Set<Path> dataFiles) {
    List<FloatBuffer> tensors =
        file.parameters().stream().map(parameter -> parameter.data()).toList();
    List<Parameter> bare =
        file.parameters().stream()
            .map(parameter -> parameter.withData(FloatBuffer.allocate(0)))
            .toList();
    return new OnnxModel(
        file.skeleton(),
        bare,
        file.uses(),
        new Model(name, file.architecture(), tensors),
        dataFiles);
  }

  /**
   * The same model, in which no bias and no tensor of a BatchNormalization is one for two nodes, so
   * that each can be changed by itself. Its groups and producers are this model's, its tensors
   * more.
   *
   * @return the model without shared vectors; this one if it has none
   */
  public OnnxModel separated() {
    if (!uses.sharesVectors()) {
      return this;
    }
    List<Parameter> full = new ArrayList<>();
    for (int t = 0; t < parameters.size(); t++) {
      full.add(parameters.get(t).withData(model.tensors().get(t)));
    }
    OnnxFile file = new OnnxFile(Path.of(model.name()), dataFiles, skeleton, full);
    return of(TracedFile.separated(file), model.name(), dataFiles);
  }

  /**
   * The weights and what indexes them.
   *
   * @return the model; its tensors are heap buffers, and may be parts of one array
   */
  public Model model() {
    return model;
  }

  /**
   * The files beside the model's own from which some of its weights were read (external data).
   *
   * @return absolute paths; none for a model in one file
   */
  public Set<Path> dataFiles() {
    return dataFiles;
  }

  /**
   * The graph, its weights without their values.
   *
   * @return the graph as in the file, but for what its initialisers hold
   */
  public GraphProto graph() {
    return skeleton.getGraph();
  }

  /**
   * The graph's nodes by index, each after those that it reads from: the same order for all models
   * that can be fused.
   *
   * @return indices into the nodes that {@link #toBytes} writes
   */
  public List<Integer> order() {
    return new GraphView(graph(), model.name()).order();
  }

  /**
   * Which nodes use the weights.
   *
   * @return the uses of every tensor of {@link #model}
   */
  public WeightUses uses() {
    return uses;
  }

  /**
   * What has to be fed to run the model, weights not among it.
   *
   * @return the inputs in the file's order
   */
  public List<TensorInfo> inputs() {
    Set<String> weights = new HashSet<>();
    for (TensorProto tensor : skeleton.getGraph().getInitializerList()) {
      weights.add(tensor.getName());
    }
    return skeleton.getGraph().getInputList().stream()
        .filter(input -> !weights.contains(input.getName()))
        .map(TensorInfo::of)
        .toList();
  }

  /**
   * What the model computes.
   *
   * @return the outputs in the file's order
   */
  public List<TensorInfo> outputs() {
    return skeleton.getGraph().getOutputList().stream().map(TensorInfo::of).toList();
  }

  /**
   * The same file with other weights.
   *
   * @param fused tensors with the names and shapes of this model's, in its order; not copied
   * @return the model with this one's graph and those weights
   * @throws InvalidInputException if a tensor has another name or shape
   */
  public OnnxModel withTensors(Model fused) {
    List<TensorLayout> own = model.architecture().tensors();
    List<TensorLayout> other = fused.architecture().tensors();
    if (own.size() != other.size()) {
      throw new InvalidInputException(
          "model %s has %d tensors, expected %d as in %s"
              .formatted(fused.name(), other.size(), own.size(), model.name()));
    }
    for (int t = 0; t < own.size(); t++) {
      TensorLayout a = other.get(t);
      TensorLayout b = own.get(t);
      if (!a.name().equals(b.name()) || !a.shape().equals(b.shape())) {
        throw new InvalidInputException(
            "model %s has the tensor %s of shape %s, expected %s of shape %s as in %s"
                .formatted(fused.name(), a.name(), a.shape(), b.name(), b.shape(), model.name()));
      }
    }
    return new OnnxModel(skeleton, parameters, uses, fused, dataFiles);
  }

  /**
   * Refuses a model that cannot be fused with another.
   *
   * @param anchor the other
   * @throws InvalidInputException if they differ in more than widths and weights, naming the first
   *     difference
   */
  public void requireFusible(OnnxModel anchor) {
    Optional<String> difference = model.architecture().difference(anchor.model.architecture());
    if (difference.isPresent()) {
      throw new InvalidInputException(
          "Model %s cannot be fused with %s: %s."
              .formatted(model.name(), anchor.model.name(), difference.get()));
    }
  }

  /**
   * The memory that the weights and the graph take, without the objects around them.
   *
   * @return bytes
   */
  public long memoryBytes() {
    long values = model.architecture().tensors().stream().mapToLong(TensorLayout::length).sum();
    return values * Float.BYTES + skeleton.getSerializedSize();
  }

  /**
   * Writes the model as one ONNX file, external data inside it. The file appears as a whole or not
   * at all, and may be the one that the model was read from.
   *
   * @param path the file; it is replaced if it exists
   * @throws InvalidInputException if it cannot be written
   * @throws UnsupportedModelException if it would be larger than the 2 GB that ONNX allows
   */
  public void write(Path path) {
    try (AtomicFile.Prepared prepared = prepare(path)) {
      AtomicFile.commit(prepared);
    }
  }

  /**
   * Writes the model as {@link #write} does, up to the moment in which the file would appear.
   *
   * @param path the file
   * @return to be committed, and closed in any case
   * @throws InvalidInputException if it cannot be written
   * @throws UnsupportedModelException if it would be larger than the 2 GB that ONNX allows
   */
  public AtomicFile.Prepared prepare(Path path) {
    OnnxWriter writer = writer();
    writer.size();
    return AtomicFile.prepare(path, writer::writeTo);
  }

  /**
   * The file's content, for a runtime that takes a model from memory.
   *
   * @return the bytes that {@link #write} would write
   * @throws UnsupportedModelException if they would be more than the 2 GB that ONNX allows
   */
  public byte[] toBytes() {
    OnnxWriter writer = writer();
    byte[] bytes = new byte[writer.size()];
    try {
      writer.writeTo(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes;
  }

  private OnnxWriter writer() {
    Map<Integer, FloatBuffer> initializers = new HashMap<>();
    Map<Integer, FloatBuffer> constants = new HashMap<>();
    for (int t = 0; t < parameters.size(); t++) {
      Parameter parameter = parameters.get(t);
      if (parameter.initializer() >= 0) {
        initializers.put(parameter.initializer(), model.tensors().get(t));
      } else {
        constants.put(parameter.node(), model.tensors().get(t));
      }
    }
    return new OnnxWriter(skeleton, initializers, constants);
  }
}
