package org.otfuse.models.closedform;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.InvalidProtocolBufferException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.otfuse.Architecture;
import org.otfuse.Model;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.TensorInfo;

/**
 * A model as this package works on it: nodes in topological order, weights that can be set, and the
 * linear layers. Every BatchNormalization that follows a layer directly is folded into it and left
 * with scale 1 and mean 0, so that the network computes what it did.
 */
final class Network {
  private final OnnxModel model;
  private final ModelProto frame;
  private final List<Integer> order;
  private final List<float[]> tensors = new ArrayList<>();
  private final Map<String, Integer> indices = new HashMap<>();
  private final Map<String, TensorProto> constants = new HashMap<>();
  private final Map<String, List<Integer>> readers = new HashMap<>();
  private final Set<String> outputs;
  private final List<Layer> layers;
  private final Map<String, String> skipped;

  private Network(OnnxModel model) {
    this.model = model;
    this.order = model.order();
    ModelProto proto = parse(model);
    GraphProto graph = proto.getGraph();
    List<org.otfuse.TensorLayout> layouts = architecture().tensors();
    for (int t = 0; t < layouts.size(); t++) {
      indices.put(layouts.get(t).name(), t);
      float[] values = new float[layouts.get(t).length()];
      model.model().tensors().get(t).duplicate().get(values);
      tensors.add(values);
    }
    for (TensorProto tensor : graph.getInitializerList()) {
      if (!indices.containsKey(tensor.getName())) {
        constants.put(tensor.getName(), tensor);
      }
    }
    this.frame = proto.toBuilder().setGraph(graph.toBuilder().clearInitializer()).build();
    for (int n = 0; n < graph.getNodeCount(); n++) {
      for (String read : reads(graph.getNode(n))) {
        readers.computeIfAbsent(read, name -> new ArrayList<>()).add(n);
      }
    }
    this.outputs =
        graph.getOutputList().stream().map(output -> output.getName()).collect(Collectors.toSet());
    LayerFinder finder = new LayerFinder(this);
    this.layers = finder.find();
    this.skipped = finder.skipped();
  }

  /** A copy of the model with its normalizations folded. */
  static Network of(OnnxModel model) {
    Network network = new Network(model);
    network.layers.forEach(layer -> layer.normalization().ifPresent(n -> network.fold(layer, n)));
    return network;
  }

  private static ModelProto parse(OnnxModel model) {
    try {
      return ModelProto.parseFrom(model.toBytes());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The values that a node reads, those that its subgraphs read included. */
  static List<String> reads(NodeProto node) {
    List<String> names = new ArrayList<>();
    node.getInputList().stream().filter(name -> !name.isEmpty()).forEach(names::add);
    for (AttributeProto attribute : node.getAttributeList()) {
      List<GraphProto> graphs = new ArrayList<>(attribute.getGraphsList());
      if (attribute.hasG()) {
        graphs.add(attribute.getG());
      }
      for (GraphProto graph : graphs) {
        graph.getNodeList().forEach(inner -> names.addAll(reads(inner)));
        graph.getOutputList().forEach(output -> names.add(output.getName()));
      }
    }
    return names;
  }

  private void fold(Layer layer, Layer.Normalization n) {
    float[] gamma = tensors.get(n.gamma());
    float[] beta = tensors.get(n.beta());
    float[] mean = tensors.get(n.mean());
    float[] variance = tensors.get(n.variance());
    double[] scale = new double[gamma.length];
    for (int i = 0; i < scale.length; i++) {
      scale[i] = gamma[i] / Math.sqrt(variance[i] + n.epsilon());
      double bias =
          layer.bias().isPresent() ? layer.beta() * tensors.get(layer.bias().getAsInt())[i] : 0;
      beta[i] = (float) (beta[i] + (bias - mean[i]) * scale[i]);
      gamma[i] = 1;
      mean[i] = 0;
      variance[i] = (float) (1 - n.epsilon());
      if (layer.bias().isPresent()) {
        tensors.get(layer.bias().getAsInt())[i] = 0;
      }
    }
    float[] weight = tensors.get(layer.weight());
    int inner = layer.kind().outputsFirst() ? weight.length / scale.length : 1;
    for (int i = 0; i < weight.length; i++) {
      weight[i] = (float) (weight[i] * scale[i / inner % scale.length]);
    }
  }

  String name() {
    return model.model().name();
  }

  Architecture architecture() {
    return model.model().architecture();
  }

  List<TensorInfo> inputs() {
    return model.inputs();
  }

  List<Layer> layers() {
    return layers;
  }

  /** Layers that this package leaves alone, and why, by name. */
  Map<String, String> skipped() {
    return skipped;
  }

  /** Everything but nodes' order and weights. */
  ModelProto frame() {
    return frame;
  }

  List<Integer> order() {
    return order;
  }

  NodeProto node(int index) {
    return frame.getGraph().getNode(index);
  }

  int nodes() {
    return frame.getGraph().getNodeCount();
  }

  /** Index of a weight by its name, or -1. */
  int tensor(String name) {
    return indices.getOrDefault(name, -1);
  }

  List<Integer> shape(int tensor) {
    return architecture().tensors().get(tensor).shape();
  }

  float[] values(int tensor) {
    return tensors.get(tensor);
  }

  void set(int tensor, float[] values) {
    tensors.set(tensor, values);
  }

  Map<String, TensorProto> constants() {
    return constants;
  }

  /** The nodes that read a value. */
  List<Integer> readers(String value) {
    return readers.getOrDefault(value, List.of());
  }

  boolean isOutput(String value) {
    return outputs.contains(value);
  }

  /** The model with the weights as they are now. */
  OnnxModel model() {
    List<FloatBuffer> buffers = tensors.stream().map(FloatBuffer::wrap).toList();
    return model.withTensors(new Model(name(), architecture(), buffers));
  }
}
