package org.otfuse.models.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import org.otfuse.InvalidInputException;
import org.otfuse.models.file.Excerpt;

/** The graph as tracing walks it: nodes in topological order, and who reads which value. */
public final class GraphView {
  private final GraphProto graph;
  private final Map<String, Integer> readers = new HashMap<>();
  private final Map<String, ValueInfoProto> infos = new HashMap<>();
  private final Set<String> outputs = new HashSet<>();
  private final List<Integer> order;

  /**
   * Sorts the nodes.
   *
   * @param graph the graph
   * @param file for messages
   * @throws InvalidInputException if the nodes form a cycle, a value comes from more than one
   *     place, or a node has an attribute twice
   */
  public GraphView(GraphProto graph, String file) {
    this.graph = graph;
    for (ValueInfoProto output : graph.getOutputList()) {
      outputs.add(output.getName());
      infos.put(output.getName(), output);
    }
    graph.getValueInfoList().forEach(info -> infos.put(info.getName(), info));
    this.order = sort(file);
  }

  GraphProto proto() {
    return graph;
  }

  /** Indices of the nodes, each after the nodes that it reads from. */
  public List<Integer> order() {
    return order;
  }

  public Map<String, ValueInfoProto> infos() {
    return infos;
  }

  boolean isOutput(String value) {
    return outputs.contains(value);
  }

  /** Whether one node reads the value, and nothing else sees it. */
  public boolean hasOneReader(String value) {
    return readers.getOrDefault(value, 0) == 1 && !isOutput(value);
  }

  private List<Integer> sort(String file) {
    Map<String, Integer> makers = new HashMap<>();
    for (int n = 0; n < graph.getNodeCount(); n++) {
      requireOneOfEach(graph.getNode(n), file);
      for (String output : graph.getNode(n).getOutputList()) {
        if (!output.isEmpty() && makers.put(output, n) != null) {
          throw new InvalidInputException(
              "%s computes the value %s in two nodes, expected one"
                  .formatted(file, Excerpt.of(output)));
        }
      }
    }
    for (TensorProto tensor : graph.getInitializerList()) {
      checkNotComputed(tensor.getName(), makers, file);
    }
    for (ValueInfoProto input : graph.getInputList()) {
      checkNotComputed(input.getName(), makers, file);
    }
    int[] missing = new int[graph.getNodeCount()];
    List<List<Integer>> next = new ArrayList<>();
    for (int n = 0; n < missing.length; n++) {
      next.add(new ArrayList<>());
    }
    for (int n = 0; n < missing.length; n++) {
      for (String input : reads(graph.getNode(n))) {
        readers.merge(input, 1, Integer::sum);
        if (makers.containsKey(input)) {
          missing[n]++;
          next.get(makers.get(input)).add(n);
        }
      }
    }
    return kahn(missing, next, file);
  }

  private static void checkNotComputed(String name, Map<String, Integer> makers, String file) {
    if (makers.containsKey(name)) {
      throw new InvalidInputException(
          "%s computes the value %s, which is also a weight or an input of its"
              .formatted(file, Excerpt.of(name)));
    }
  }

  private static void requireOneOfEach(NodeProto node, String file) {
    Set<String> names = new HashSet<>();
    for (AttributeProto attribute : node.getAttributeList()) {
      if (!names.add(attribute.getName())) {
        throw new InvalidInputException(
            "node %s of %s has the attribute %s twice, expected it once"
                .formatted(name(node), file, attribute.getName()));
      }
    }
  }

  private static List<Integer> kahn(int[] missing, List<List<Integer>> next, String file) {
    PriorityQueue<Integer> ready = new PriorityQueue<>();
    for (int n = 0; n < missing.length; n++) {
      if (missing[n] == 0) {
        ready.add(n);
      }
    }
    List<Integer> order = new ArrayList<>();
    while (!ready.isEmpty()) {
      int n = ready.remove();
      order.add(n);
      for (int m : next.get(n)) {
        if (--missing[m] == 0) {
          ready.add(m);
        }
      }
    }
    if (order.size() < missing.length) {
      throw new InvalidInputException(file + " has nodes that wait for each other in a cycle");
    }
    return List.copyOf(order);
  }

  /** The values that the subgraphs of a node read, their own included. */
  public static List<String> captures(NodeProto node) {
    List<String> reads = reads(node);
    long given = node.getInputList().stream().filter(name -> !name.isEmpty()).count();
    return reads.subList((int) given, reads.size());
  }

  /** The values that a node reads, those inside its subgraphs included. */
  public static List<String> reads(NodeProto node) {
    List<String> names = new ArrayList<>();
    node.getInputList().stream().filter(name -> !name.isEmpty()).forEach(names::add);
    Deque<GraphProto> open = new ArrayDeque<>();
    addSubgraphs(node, open);
    while (!open.isEmpty()) {
      GraphProto sub = open.pop();
      sub.getOutputList().forEach(output -> names.add(output.getName()));
      for (NodeProto inner : sub.getNodeList()) {
        names.addAll(inner.getInputList());
        addSubgraphs(inner, open);
      }
    }
    return names;
  }

  private static void addSubgraphs(NodeProto node, Deque<GraphProto> open) {
    for (AttributeProto attribute : node.getAttributeList()) {
      if (attribute.hasG()) {
        open.push(attribute.getG());
      }
      attribute.getGraphsList().forEach(open::push);
    }
  }

  /** The node's name, or that of its first output, or its operator. */
  public static String name(NodeProto node) {
    if (!node.getName().isEmpty()) {
      return node.getName();
    }
    return node.getOutputCount() == 0 ? node.getOpType() : node.getOutput(0);
  }
}
