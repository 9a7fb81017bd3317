package org.otfuse.models.function;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.otfuse.InvalidInputException;
import org.otfuse.Operation;
import org.otfuse.Operation.Fact;
import org.otfuse.models.file.Excerpt;
import org.otfuse.models.function.OperatorFacts.Part;
import org.otfuse.models.onnx.ConstantValues;
import org.otfuse.models.onnx.GraphView;
import org.otfuse.models.onnx.OnnxFile;
import org.otfuse.models.trace.AxisWords;
import org.otfuse.models.trace.OperatorNode;
import org.otfuse.models.trace.Trace;
import org.otfuse.models.trace.Tracer;
import org.otfuse.models.trace.Value.Weight;

/**
 * Writes down what a file's graph does with its weights: the operators in an order that only the
 * wiring decides, from the outputs back to the inputs. What the outputs do not depend on is left
 * out, and so is what only passes values on.
 */
public final class FunctionReader {
  /** Which tensor of the architecture an input of a node reads. */
  public interface Tensors {
    /**
     * Looks it up.
     *
     * @param node the node by index, -1 for no node
     * @param input the input, -1 for a subgraph
     * @param weight what the input reads
     */
    int index(int node, int input, Weight weight);
  }

  private final OnnxFile file;
  private final Trace trace;
  private final AxisWords words;
  private final Tensors tensors;
  private final List<Operation> operations = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private int values;

  /**
   * A graph and what its values are.
   *
   * @param node index of the node of the file's graph that it lies in, -1 for that graph itself
   */
  private record Scope(
      GraphScope graph, String where, int node, Optional<Scope> outer, Map<String, Fact> wires) {
    boolean isTop() {
      return outer.isEmpty();
    }

    /** The scope that knows a value. */
    Optional<Scope> home(String value) {
      return wires.containsKey(value) || graph.makes(value)
          ? Optional.of(this)
          : outer.flatMap(scope -> scope.home(value));
    }
  }

  public FunctionReader(OnnxFile file, Trace trace, AxisWords words, Tensors tensors) {
    this.file = file;
    this.trace = trace;
    this.words = words;
    this.tensors = tensors;
  }

  /** Reads the graph; to be called once. */
  public List<Operation> read() {
    GraphProto graph = file.skeleton().getGraph();
    Scope scope = scope(graph, "", -1, Optional.empty());
    List<ValueInfoProto> inputs = scope.graph.fed();
    List<Fact> facts = new ArrayList<>();
    facts.add(count("the number of inputs", inputs.size()));
    facts.add(count("the number of outputs", graph.getOutputCount()));
    Set<String> names = new HashSet<>();
    for (FunctionProto function : file.skeleton().getFunctionsList()) {
      String name = function.getDomain() + "." + function.getName();
      if (!names.add(name)) {
        throw new InvalidInputException(
            "%s has two local functions %s, expected one".formatted(file.path(), Excerpt.of(name)));
      }
      String digest = ConstantValues.digest(function.toBuilder().clearDocString().build());
      String operators =
          function.getNodeList().stream()
              .map(NodeProto::getOpType)
              .collect(Collectors.joining(", ", "[", "] (" + digest + ")"));
      facts.add(new Fact("the local function " + name, List.of(digest), Excerpt.of(operators)));
    }
    operations.add(new Operation("the graph", facts));
    for (ValueInfoProto input : inputs) {
      operations.add(new Operation("input " + input.getName(), input(input)));
      wire(scope, input.getName(), "the input " + input.getName());
    }
    for (ValueInfoProto output : graph.getOutputList()) {
      compute(scope, output.getName());
      String label = "output " + output.getName();
      Part.Read read = new Part.Read("", -1, false);
      operations.add(new Operation(label, List.of(fact(scope, -1, read, output.getName()))));
    }
    return operations;
  }

  /** One sentence for each weight that is not fused. */
  public List<String> warnings() {
    return warnings;
  }

  private Scope scope(GraphProto graph, String where, int node, Optional<Scope> outer) {
    return new Scope(
        new GraphScope(graph, opset(), file.path()), where, node, outer, new HashMap<>());
  }

  private long opset() {
    return Tracer.opset(file.skeleton());
  }

  private static Fact count(String what, int count) {
    return new Fact(what, List.of(Integer.toString(count)), Integer.toString(count));
  }

  private List<Fact> input(ValueInfoProto input) {
    TypeProto.Tensor type = input.getType().getTensorType();
    String name = String.valueOf(DataType.forNumber(type.getElemType()));
    List<String> shape = new ArrayList<>();
    type.getShape()
        .getDimList()
        .forEach(
            d -> shape.add(d.getDimValue() > 0 ? Long.toString(d.getDimValue()) : Operation.ANY));
    return List.of(
        new Fact("the type", List.of(name), name),
        new Fact("the shape", type.hasShape() ? shape : List.of(Operation.ANY), shape.toString()));
  }

  private void wire(Scope scope, String value, String text) {
    scope.wires.put(value, new Fact("", List.of("value " + values++), text));
  }

  /** Writes down everything that a value depends on, what comes first first. */
  private void compute(Scope scope, String value) {
    Deque<Integer> open = new ArrayDeque<>();
    Set<Integer> seen = new HashSet<>();
    scope.graph.maker(scope.graph.source(value)).ifPresent(open::push);
    while (!open.isEmpty()) {
      int n = open.peek();
      if (isWritten(scope, n) || isWeight(scope, n)) {
        open.pop();
      } else if (seen.add(n)) {
        List<String> sources = sources(scope, n);
        for (int i = sources.size() - 1; i >= 0; i--) {
          scope.graph.maker(scope.graph.source(sources.get(i))).ifPresent(open::push);
        }
      } else {
        open.pop();
        write(scope, n);
      }
    }
  }

  private static boolean isWritten(Scope scope, int n) {
    return scope.graph.node(n).getOutputList().stream().anyMatch(scope.wires::containsKey);
  }

  /** Whether the node only gives another view of a weight, which its readers tell of. */
  private boolean isWeight(Scope scope, int n) {
    return scope.isTop()
        && scope.graph.node(n).getOutputList().stream()
            .anyMatch(output -> trace.value(output) instanceof Weight);
  }

  private OperatorNode operator(Scope scope, int n) {
    NodeProto proto = scope.graph.node(n);
    return new OperatorNode(n, proto, Tracer.opset(file.skeleton(), proto.getDomain()));
  }

  private List<Part> parts(Scope scope, int n) {
    return OperatorFacts.of(
        operator(scope, n),
        scope.isTop() ? Optional.of(trace) : Optional.empty(),
        words,
        file.path());
  }

  private List<String> sources(Scope scope, int n) {
    NodeProto node = scope.graph.node(n);
    List<String> sources = new ArrayList<>();
    for (Part part : parts(scope, n)) {
      if (part instanceof Part.Read read) {
        sources.add(node.getInput(read.input()));
      }
    }
    sources.addAll(GraphView.captures(node));
    return sources;
  }

  private void write(Scope scope, int n) {
    NodeProto node = scope.graph.node(n);
    String label = "node " + GraphView.name(node) + scope.where;
    List<Fact> facts = new ArrayList<>();
    for (Part part : parts(scope, n)) {
      if (part instanceof Part.Known known) {
        facts.add(known.fact());
      } else if (part instanceof Part.Read read) {
        facts.add(fact(scope, n, read, node.getInput(read.input())));
      }
    }
    for (AttributeProto attribute : node.getAttributeList()) {
      List<GraphProto> graphs = new ArrayList<>(attribute.getGraphsList());
      if (attribute.hasG()) {
        graphs.add(attribute.getG());
      }
      for (int i = 0; i < graphs.size(); i++) {
        String name = attribute.getName() + (i == 0 ? "" : " " + i);
        facts.addAll(subgraph(scope, n, name, graphs.get(i)));
      }
    }
    operations.add(new Operation(label, facts));
    for (int i = 0; i < node.getOutputCount(); i++) {
      String output = node.getOutput(i);
      if (!output.isEmpty()) {
        wire(scope, output, (i == 0 ? "the output of " : "output " + i + " of ") + label);
      }
    }
  }

  /** Writes down a subgraph and tells what it gives back. */
  private List<Fact> subgraph(Scope outer, int n, String name, GraphProto graph) {
    NodeProto node = outer.graph.node(n);
    String where = " in " + name + " of node " + GraphView.name(node) + outer.where;
    Scope scope = scope(graph, where, outer.isTop() ? n : outer.node, Optional.of(outer));
    for (ValueInfoProto input : scope.graph.fed()) {
      wire(scope, input.getName(), "the input " + input.getName() + where);
    }
    List<Fact> facts = new ArrayList<>();
    facts.add(count("the number of inputs of " + name, scope.graph.fed().size()));
    facts.add(count("the number of outputs of " + name, graph.getOutputCount()));
    for (int i = 0; i < graph.getOutputCount(); i++) {
      String output = graph.getOutput(i).getName();
      compute(scope, output);
      facts.add(
          fact(scope, -1, new Part.Read("output %d of %s".formatted(i, name), -1, false), output));
    }
    if (!scope.graph.weights().isEmpty()) {
      String sentence =
          "Weights inside node %s%s stay as they are in the anchor: %s."
              .formatted(
                  GraphView.name(node), outer.where, String.join(", ", scope.graph.weights()));
      if (!warnings.contains(sentence)) {
        warnings.add(sentence);
      }
    }
    return facts;
  }

  /** What an input is: a tensor of the architecture, a constant, or what a node computes. */
  private Fact fact(Scope scope, int n, Part.Read read, String value) {
    Optional<Scope> home = scope.home(value);
    String name = home.map(h -> h.graph.source(value)).orElse(value);
    if (home.isPresent() && !home.get().wires.containsKey(name) && !home.get().graph.makes(name)) {
      return home.get().outer.isPresent()
          ? fact(home.get().outer.get(), n, read, name)
          : new Fact(read.what(), List.of("no value"), name);
    }
    if (home.filter(Scope::isTop).isPresent() && trace.value(name) instanceof Weight weight) {
      return scope.isTop()
          ? weight(read.what(), tensors.index(n, read.input(), weight), weight)
          : weight(read.what(), tensors.index(scope.node, -1, weight), weight);
    }
    Optional<TensorProto> constant = home.flatMap(h -> h.graph.constant(name));
    if (constant.isPresent()) {
      return constant(read, constant.get(), !home.get().isTop() && home.get().graph.isWeight(name));
    }
    Fact wire = home.map(h -> h.wires.get(name)).orElse(null);
    return wire == null
        ? new Fact(read.what(), List.of("no value"), value)
        : new Fact(read.what(), wire.values(), wire.text());
  }

  private Fact constant(Part.Read read, TensorProto constant, boolean weight) {
    if (weight) {
      String text = "a weight of shape " + constant.getDimsList();
      return new Fact(read.what(), List.of(text), text);
    }
    return new Fact(
        read.what(),
        read.bare()
            ? ConstantValues.of(constant, file.path())
            : ConstantValues.withShape(constant, file.path()),
        ConstantValues.text(constant, file.path()));
  }

  private Fact weight(String what, int tensor, Weight weight) {
    String text = "tensor %s (%d)".formatted(weight.parameter().name(), tensor);
    List<Integer> plain = new ArrayList<>();
    for (int a = 0; a < weight.parameter().shape().size(); a++) {
      plain.add(a);
    }
    if (weight.axes().equals(plain)) {
      return new Fact(what, List.of("tensor " + tensor), text);
    }
    List<String> view = new ArrayList<>();
    for (int a = 0; a < weight.rank(); a++) {
      int axis = weight.axes().get(a);
      view.add(
          axis == Weight.NONE
              ? "new of size " + words.size(weight.size(a))
              : Integer.toString(axis));
    }
    return new Fact(what, List.of("tensor " + tensor, view.toString()), text + " as " + view);
  }
}
