package org.otfuse.models.trace;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.otfuse.models.onnx.GraphView;
import org.otfuse.models.onnx.Parameter;

/**
 * Gives users of a shared weight a copy of their own where other neurons index it than for the
 * first user. Exporters share equal parameters, but after alignment they are no longer equal.
 */
public final class SharedWeights {
  private final GraphProto.Builder graph;
  private final Set<String> names = new HashSet<>();
  private final Map<String, Integer> numbers = new HashMap<>();
  private final Map<String, ValueInfoProto> inputs = new HashMap<>();
  private final Map<Integer, List<NodeProto>> insertions = new HashMap<>();

  public SharedWeights(GraphProto graph) {
    this.graph = graph.toBuilder();
    graph.getInitializerList().forEach(tensor -> names.add(tensor.getName()));
    graph.getInputList().forEach(input -> inputs.put(input.getName(), input));
    names.addAll(inputs.keySet());
    for (NodeProto node : graph.getNodeList()) {
      names.addAll(GraphView.reads(node));
      names.addAll(node.getOutputList());
    }
  }

  /**
   * Adds a copy of a weight as an initializer and makes some users read it.
   *
   * @param parameter the weight
   * @param users who shall read the copy
   * @param readers how many users in all read through each node that reads the weight itself
   * @return the copy
   */
  public Parameter copy(Parameter parameter, List<ParameterUse> users, Map<Integer, Long> readers) {
    String name = unique(parameter.name());
    TensorProto original =
        parameter.initializer() >= 0
            ? graph.getInitializer(parameter.initializer())
            : constant(graph.getNode(parameter.node()));
    graph.addInitializer(original.toBuilder().setName(name));
    declareInput(parameter.name(), name);
    Map<Integer, Long> own = readers(users);
    Map<Integer, String> clones = new HashMap<>();
    for (ParameterUse user : users) {
      List<Integer> chain = user.chain();
      if (chain.isEmpty()) {
        redirect(user.node(), user.input(), name);
      } else if (own.get(chain.get(0)).equals(readers.get(chain.get(0)))) {
        redirect(chain.get(0), 0, name);
      } else {
        redirect(user.node(), user.input(), cloneChain(chain, name, clones));
      }
    }
    return new Parameter(
        name, parameter.shape(), parameter.data(), graph.getInitializerCount() - 1, -1);
  }

  /** How many users read through each node that reads the weight itself. */
  public static Map<Integer, Long> readers(List<ParameterUse> users) {
    Map<Integer, Long> readers = new HashMap<>();
    for (ParameterUse user : users) {
      user.chain().stream().findFirst().ifPresent(node -> readers.merge(node, 1L, Long::sum));
    }
    return readers;
  }

  private static TensorProto constant(NodeProto node) {
    return node.getAttributeList().stream()
        .filter(attribute -> attribute.getName().equals("value"))
        .findFirst()
        .orElseThrow()
        .getT();
  }

  /** Old files list every initializer among the inputs too. */
  private void declareInput(String original, String copy) {
    if (inputs.containsKey(original)) {
      graph.addInput(inputs.get(original).toBuilder().setName(copy));
    }
  }

  private void redirect(int node, int input, String name) {
    graph.getNodeBuilder(node).setInput(input, name);
  }

  private String cloneChain(List<Integer> chain, String from, Map<Integer, String> clones) {
    String value = from;
    for (int index : chain) {
      if (!clones.containsKey(index)) {
        NodeProto original = graph.getNode(index);
        String output = unique(original.getOutput(0));
        NodeProto.Builder clone = original.toBuilder().setInput(0, value).setOutput(0, output);
        if (!original.getName().isEmpty()) {
          clone.setName(original.getName() + output.substring(original.getOutput(0).length()));
        }
        insertions.computeIfAbsent(index, i -> new ArrayList<>()).add(clone.build());
        clones.put(index, output);
      }
      value = clones.get(index);
    }
    return value;
  }

  private String unique(String name) {
    int copy = numbers.merge(name, 1, (last, one) -> last + one);
    while (!names.add(name + "." + (copy + 1))) {
      copy = numbers.merge(name, 1, (last, one) -> last + one);
    }
    return name + "." + (copy + 1);
  }

  /**
   * Puts the added nodes in their places.
   *
   * @param moved takes the new index of each old node
   * @return the graph
   */
  public GraphProto build(Map<Integer, Integer> moved) {
    if (insertions.isEmpty()) {
      return graph.build();
    }
    List<NodeProto> nodes = new ArrayList<>();
    for (int n = 0; n < graph.getNodeCount(); n++) {
      moved.put(n, nodes.size());
      nodes.add(graph.getNode(n));
      nodes.addAll(insertions.getOrDefault(n, List.of()));
    }
    return graph.clearNode().addAllNode(nodes).build();
  }
}
