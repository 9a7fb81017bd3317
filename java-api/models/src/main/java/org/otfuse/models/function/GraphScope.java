package org.otfuse.models.function;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.otfuse.models.onnx.ConstantValues;
import org.otfuse.models.onnx.GraphView;
import org.otfuse.models.onnx.Settings;
import org.otfuse.models.onnx.TensorData;
import org.otfuse.models.trace.OperatorNode;

/** Where the values of one graph come from: nodes, constants, and nodes that only pass them on. */
final class GraphScope {
  /** From this version on a node says whether Dropout trains; from 7 on it never does. */
  private static final long DROPOUT_CAN_TRAIN = 12;

  private static final long DROPOUT_IS_IDLE = 7;

  private final GraphProto graph;
  private final long opset;
  private final Path file;
  private final Map<String, Integer> makers = new HashMap<>();
  private final Map<String, TensorProto> constants = new HashMap<>();
  private final Map<String, String> passed = new HashMap<>();
  private final Settings settings;

  GraphScope(GraphProto graph, long opset, Path file) {
    this.graph = graph;
    this.opset = opset;
    this.file = file;
    graph.getInitializerList().forEach(tensor -> constants.put(tensor.getName(), tensor));
    Set<String> read = new HashSet<>();
    graph.getNodeList().forEach(node -> read.addAll(GraphView.reads(node)));
    graph.getOutputList().forEach(output -> read.add(output.getName()));
    this.settings = new Settings(graph.getNodeList());
    for (NodeProto node : graph.getNodeList()) {
      if (isConstant(node)) {
        constants.put(node.getOutput(0), ConstantValues.ofNode(node).orElseThrow());
      }
    }
    for (int n = 0; n < graph.getNodeCount(); n++) {
      if (!isConstant(graph.getNode(n))) {
        addNode(n, read);
      }
    }
  }

  private static boolean isConstant(NodeProto node) {
    return node.getOpType().equals("Constant")
        && node.getOutputCount() > 0
        && ConstantValues.ofNode(node).isPresent();
  }

  private void addNode(int n, Set<String> read) {
    NodeProto node = graph.getNode(n);
    for (String output : node.getOutputList()) {
      if (!output.isEmpty()) {
        makers.put(output, n);
      }
    }
    boolean alone = node.getOutputList().stream().skip(1).noneMatch(read::contains);
    if (alone && node.getInputCount() > 0 && node.getOutputCount() > 0 && isIdle(node)) {
      passed.put(node.getOutput(0), node.getInput(0));
    }
  }

  private boolean isIdle(NodeProto node) {
    if (node.getOpType().equals("Identity")) {
      return true;
    }
    OperatorNode dropout = new OperatorNode(-1, node, opset);
    return node.getOpType().equals("Dropout") && !trains(dropout);
  }

  private boolean trains(OperatorNode dropout) {
    if (opset < DROPOUT_IS_IDLE) {
      return dropout.integer("is_test", 0) == 0;
    }
    if (opset < DROPOUT_CAN_TRAIN || !dropout.hasInput(2)) {
      return false;
    }
    TensorProto mode = constants.get(dropout.proto().getInput(2));
    return mode == null
        || mode.getDataType() != DataType.BOOL.getNumber()
        || !ConstantValues.of(mode, file).equals(List.of("0"));
  }

  /** A float tensor of several values is a weight, unless it sets an operator up. */
  private boolean isSetting(String name, TensorProto tensor) {
    int count = TensorData.count(tensor, file);
    return tensor.getDataType() != DataType.FLOAT.getNumber()
        || count <= 1
        || settings.contains(name, count)
        || ConstantValues.of(tensor, file).contains("-Infinity");
  }

  /** What has to be fed; old files list the weights too. */
  List<ValueInfoProto> fed() {
    Set<String> initializers = new HashSet<>();
    graph.getInitializerList().forEach(tensor -> initializers.add(tensor.getName()));
    return graph.getInputList().stream()
        .filter(input -> !initializers.contains(input.getName()))
        .toList();
  }

  NodeProto node(int index) {
    return graph.getNode(index);
  }

  boolean makes(String value) {
    return makers.containsKey(value) || constants.containsKey(value);
  }

  /** The node that computes a value. */
  Optional<Integer> maker(String value) {
    return Optional.ofNullable(makers.get(value));
  }

  /** The value that nodes pass on under this name. */
  String source(String value) {
    String source = value;
    for (int i = 0; i <= passed.size() && passed.containsKey(source); i++) {
      source = passed.get(source);
    }
    return source;
  }

  Optional<TensorProto> constant(String value) {
    return Optional.ofNullable(constants.get(value));
  }

  /** Whether a constant is a weight, which need not be the same in both models. */
  boolean isWeight(String constant) {
    return !isSetting(constant, constants.get(constant));
  }

  /** All constants that are weights, by name. */
  List<String> weights() {
    return constants.keySet().stream().filter(this::isWeight).sorted().toList();
  }
}
