package org.otfuse.models.closedform;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;

/** Finds the linear layers of a network, in topological order. */
final class LayerFinder {
  private static final Set<String> PRODUCTS = Set.of("Conv", "ConvTranspose", "Gemm", "MatMul");

  private final Network network;
  private final Map<String, Integer> makers = new HashMap<>();
  private final Map<String, String> skipped = new LinkedHashMap<>();

  LayerFinder(Network network) {
    this.network = network;
    for (int n = 0; n < network.nodes(); n++) {
      for (String output : network.node(n).getOutputList()) {
        makers.put(output, n);
      }
    }
  }

  List<Layer> find() {
    List<Layer> layers = new ArrayList<>();
    for (int n : network.order()) {
      NodeProto node = network.node(n);
      if (PRODUCTS.contains(node.getOpType())
          && (node.getDomain().isEmpty() || node.getDomain().equals("ai.onnx"))) {
        layer(n, node).ifPresent(layers::add);
      }
    }
    return layers;
  }

  /** Layers with a weight that are not among those found, and why, by name. */
  Map<String, String> skipped() {
    return skipped;
  }

  private Optional<Layer> layer(int n, NodeProto node) {
    int right = weight(node.getInput(1));
    int left = node.getOpType().equals("MatMul") && right < 0 ? weight(node.getInput(0)) : -1;
    int weight = Math.max(right, left);
    if (weight < 0) {
      return Optional.empty();
    }
    int weightInput = right >= 0 ? 1 : 0;
    List<Integer> shape = network.shape(weight);
    Optional<Layer.Kind> kind = kind(node, shape.size(), right < 0);
    String name =
        node.getName().isEmpty()
            ? network.architecture().tensors().get(weight).name()
            : node.getName();
    String tensor = network.architecture().tensors().get(weight).name();
    if (!node.getInput(weightInput).equals(tensor)) {
      skipped.put(name, "it sees its weight %s through other nodes".formatted(tensor));
      return Optional.empty();
    }
    if (kind.isEmpty()) {
      skipped.put(name, "it is a %s with a weight of shape %s".formatted(node.getOpType(), shape));
      return Optional.empty();
    }
    String input = node.getInput(1 - weightInput);
    if (network.tensor(input) >= 0 || network.constants().containsKey(input)) {
      skipped.put(name, "it reads the constant %s".formatted(input));
      return Optional.empty();
    }
    Layer.Kind found = kind.get();
    Optional<String> obstacle = obstacle(node, tensor);
    int neurons = shape.get(found.outputsFirst() ? 0 : shape.size() - 1);
    Layer bare =
        new Layer(
            n,
            name,
            found,
            weight,
            OptionalInt.empty(),
            Optional.empty(),
            input,
            node.getOutput(0),
            neurons,
            real(node, "alpha"),
            real(node, "beta"),
            found == Layer.Kind.CONVOLUTION
                ? Optional.of(Window.of(node, shape.subList(2, shape.size())))
                : Optional.empty(),
            obstacle);
    return Optional.of(obstacle.isPresent() ? bare : withNormalization(withBias(bare, node)));
  }

  /** The weight that a value is, perhaps through other nodes; or -1. */
  private int weight(String value) {
    String name = value;
    while (network.tensor(name) < 0) {
      Integer maker = makers.get(name);
      if (maker == null
          || !Set.of("Transpose", "Reshape", "Identity", "Squeeze", "Unsqueeze")
              .contains(network.node(maker).getOpType())) {
        return -1;
      }
      name = network.node(maker).getInput(0);
    }
    return network.tensor(name);
  }

  private Optional<Layer.Kind> kind(NodeProto node, int rank, boolean left) {
    boolean matrix = rank == 2;
    return Optional.ofNullable(
        switch (node.getOpType()) {
          case "Conv" -> rank >= 3 && rank <= 5 ? Layer.Kind.CONVOLUTION : null;
          case "Gemm" ->
              !matrix
                  ? null
                  : integer(node, "transA") == 0
                      ? integer(node, "transB") == 0 ? Layer.Kind.GEMM : Layer.Kind.GEMM_TRANSPOSED
                      : integer(node, "transB") == 0
                          ? Layer.Kind.GEMM_OF_COLUMNS
                          : Layer.Kind.GEMM_TRANSPOSED_OF_COLUMNS;
          case "MatMul" -> !matrix ? null : left ? Layer.Kind.WEIGHT_LEFT : Layer.Kind.WEIGHT_RIGHT;
          default -> null;
        });
  }

  private Optional<String> obstacle(NodeProto node, String tensor) {
    if (network.readers(tensor).size() > 1 || network.isOutput(tensor)) {
      return Optional.of("its weight %s is used in other places too".formatted(tensor));
    }
    if (node.getOpType().equals("Gemm") && real(node, "alpha") == 0) {
      return Optional.of("its alpha is 0");
    }
    return Optional.empty();
  }

  private Layer withBias(Layer layer, NodeProto node) {
    boolean given = node.getInputCount() > 2 && !node.getInput(2).isEmpty();
    if (given) {
      int bias = network.tensor(node.getInput(2));
      boolean alone = bias >= 0 && network.readers(node.getInput(2)).size() == 1;
      if (!alone || network.values(bias).length != layer.neurons() || layer.beta() == 0) {
        return with(
            layer,
            OptionalInt.empty(),
            layer.tap(),
            Optional.of("its bias is no vector of its own"));
      }
      return with(layer, OptionalInt.of(bias), layer.tap(), Optional.empty());
    }
    Optional<Integer> add = next(layer.tap(), "Add");
    if (add.isEmpty()) {
      return layer;
    }
    List<String> inputs = network.node(add.get()).getInputList();
    String other = inputs.get(inputs.get(0).equals(layer.tap()) ? 1 : 0);
    int bias = network.tensor(other);
    return bias >= 0 && network.readers(other).size() == 1 && isBias(layer, bias)
        ? with(layer, OptionalInt.of(bias), network.node(add.get()).getOutput(0), Optional.empty())
        : layer;
  }

  /** Whether a tensor has one value a neuron, on the neurons' axis. */
  private boolean isBias(Layer layer, int tensor) {
    List<Integer> shape = network.shape(tensor);
    int after =
        switch (layer.kind()) {
          case CONVOLUTION -> layer.window().orElseThrow().kernel().length;
          case WEIGHT_LEFT -> 1;
          default -> 0;
        };
    int axis = shape.size() - 1 - after;
    int most = layer.kind() == Layer.Kind.CONVOLUTION ? after + 2 : 2;
    return axis >= 0
        && shape.size() <= most
        && shape.get(axis) == layer.neurons()
        && network.values(tensor).length == layer.neurons();
  }

  private Layer with(Layer l, OptionalInt bias, String tap, Optional<String> obstacle) {
    return new Layer(
        l.node(),
        l.name(),
        l.kind(),
        l.weight(),
        bias,
        l.normalization(),
        l.input(),
        tap,
        l.neurons(),
        l.alpha(),
        l.beta(),
        l.window(),
        obstacle);
  }

  private Layer withNormalization(Layer layer) {
    boolean channels =
        layer.kind() != Layer.Kind.WEIGHT_LEFT && layer.kind() != Layer.Kind.WEIGHT_RIGHT;
    Optional<Integer> next =
        channels && layer.obstacle().isEmpty()
            ? next(layer.tap(), "BatchNormalization")
            : Optional.empty();
    if (next.isEmpty()) {
      return layer;
    }
    NodeProto node = network.node(next.get());
    int[] vectors = IntStream.range(1, 5).map(i -> network.tensor(node.getInput(i))).toArray();
    for (int i = 0; i < vectors.length; i++) {
      if (vectors[i] < 0
          || network.readers(node.getInput(i + 1)).size() > 1
          || network.values(vectors[i]).length != layer.neurons()) {
        return layer;
      }
    }
    double epsilon = attribute(node, "epsilon").map(a -> (double) a.getF()).orElse((double) 1e-5f);
    Layer.Normalization normalization =
        new Layer.Normalization(vectors[0], vectors[1], vectors[2], vectors[3], epsilon);
    return new Layer(
        layer.node(),
        layer.name(),
        layer.kind(),
        layer.weight(),
        layer.bias(),
        Optional.of(normalization),
        layer.input(),
        node.getOutput(0),
        layer.neurons(),
        layer.alpha(),
        layer.beta(),
        layer.window(),
        layer.obstacle());
  }

  /** The only node that reads a value, if it is of a kind and reads it first or once. */
  private Optional<Integer> next(String value, String operator) {
    List<Integer> readers = network.readers(value);
    return readers.size() == 1
            && !network.isOutput(value)
            && network.node(readers.get(0)).getOpType().equals(operator)
        ? Optional.of(readers.get(0))
        : Optional.empty();
  }

  private static Optional<AttributeProto> attribute(NodeProto node, String name) {
    return node.getAttributeList().stream().filter(a -> a.getName().equals(name)).findFirst();
  }

  private static long integer(NodeProto node, String name) {
    return attribute(node, name).map(AttributeProto::getI).orElse(0L);
  }

  private static double real(NodeProto node, String name) {
    return attribute(node, name).map(a -> (double) a.getF()).orElse(1.0);
  }
}
