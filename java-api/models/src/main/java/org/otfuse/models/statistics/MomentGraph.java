package org.otfuse.models.statistics;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import com.google.protobuf.InvalidProtocolBufferException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.otfuse.models.onnx.GraphView;
import org.otfuse.models.runtime.ActivationTaps;
import org.otfuse.models.runtime.ActivationTaps.Layout;

/**
 * A copy of a graph whose outputs are the mean and the variance of chosen values over the batch.
 * Each of these values is at once corrected by its own moments for those who read it, so that one
 * run sees every value as it will be when all values before it have been corrected.
 */
final class MomentGraph {
  private static final String PREFIX = "otfuse.moments.";

  /** From this version of the operators on, the axes of a reduction are an input. */
  private static final int AXES_ARE_INPUTS = 18;

  /** A variance below this share of the squared mean is rounding. */
  static final float NOISE = 1e-12f;

  /** How the readers of a value see it. */
  sealed interface Correction {
    /** A BatchNormalization reads it, by index, and takes its moments for the running ones. */
    record Normalize(int node) implements Correction {}

    /**
     * Scaled and shifted neuron by neuron until it has other moments.
     *
     * @param mean the goal [width]; of no account without shift
     * @param deviation the standard deviation that is the goal [width]; 0 leaves a neuron alone
     * @param shift whether the mean can be moved too
     */
    record Match(float[] mean, float[] deviation, boolean shift) implements Correction {}
  }

  /**
   * A value and what is done to it.
   *
   * @param value its name
   * @param layout how neurons lie in it
   * @param correction how its readers see it
   */
  record Measured(String value, Layout layout, Correction correction) {
    int width() {
      return layout.width();
    }
  }

  private final ModelProto.Builder model;
  private final GraphProto.Builder graph;
  private final boolean axesAreInputs;
  private final List<Integer> order;
  private final Map<String, List<NodeProto>> additions = new LinkedHashMap<>();
  private final Map<String, String> replacements = new LinkedHashMap<>();

  private MomentGraph(byte[] onnx) {
    try {
      this.model = ModelProto.parseFrom(onnx).toBuilder();
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException(e);
    }
    this.order = new GraphView(model.getGraph(), "the model").order();
    this.graph = model.getGraphBuilder().clearOutput();
    this.axesAreInputs =
        model.getOpsetImportList().stream()
            .filter(set -> set.getDomain().isEmpty() || set.getDomain().equals("ai.onnx"))
            .mapToLong(OperatorSetIdProto::getVersion)
            .anyMatch(version -> version >= AXES_ARE_INPUTS);
  }

  /** The output that is the mean [width] of a value, by its index. */
  static String mean(int measured) {
    return PREFIX + measured + ".mean";
  }

  /** The output that is the variance [width] of a value, by its index. */
  static String variance(int measured) {
    return PREFIX + measured + ".variance";
  }

  /**
   * Writes the graph.
   *
   * @param onnx the model
   * @param measured the values
   * @return the copy's bytes
   */
  static byte[] of(byte[] onnx, List<Measured> measured) {
    MomentGraph graph = new MomentGraph(onnx);
    for (int i = 0; i < measured.size(); i++) {
      graph.add(i, measured.get(i));
    }
    return graph.build();
  }

  private void add(int index, Measured measured) {
    Nodes nodes = new Nodes(PREFIX + index + ".");
    nodes.addMoments(measured);
    if (measured.correction instanceof Correction.Normalize normalize) {
      graph.getNodeBuilder(normalize.node).setInput(3, mean(index)).setInput(4, variance(index));
    } else if (measured.correction instanceof Correction.Match match) {
      replacements.put(measured.value, nodes.addMatch(measured.value, match));
    }
    additions.computeIfAbsent(measured.value, value -> new ArrayList<>()).addAll(nodes.list);
    graph.addOutput(ActivationTaps.floatValue(mean(index)));
    graph.addOutput(ActivationTaps.floatValue(variance(index)));
  }

  private byte[] build() {
    List<NodeProto> all = new ArrayList<>();
    graph.getInputList().forEach(input -> addAfter(input.getName(), all));
    for (int n : order) {
      NodeProto node = graph.getNode(n);
      NodeProto.Builder reader = node.toBuilder();
      for (int i = 0; i < node.getInputCount(); i++) {
        reader.setInput(i, replacements.getOrDefault(node.getInput(i), node.getInput(i)));
      }
      all.add(reader.build());
      node.getOutputList().forEach(output -> addAfter(output, all));
    }
    graph.clearNode().addAllNode(needed(all));
    return model.build().toByteArray();
  }

  private void addAfter(String value, List<NodeProto> all) {
    all.addAll(additions.getOrDefault(value, List.of()));
  }

  /** The nodes that the outputs depend on. */
  private List<NodeProto> needed(List<NodeProto> all) {
    Set<String> read = new HashSet<>();
    graph.getOutputList().forEach(output -> read.add(output.getName()));
    List<NodeProto> kept = new ArrayList<>();
    for (int n = all.size() - 1; n >= 0; n--) {
      NodeProto node = all.get(n);
      if (node.getOutputList().stream().anyMatch(read::contains)) {
        read.addAll(GraphView.reads(node));
        kept.add(node);
      }
    }
    Collections.reverse(kept);
    return kept;
  }

  /** The nodes that are added for one value. */
  private final class Nodes {
    private final String prefix;
    private final List<NodeProto> list = new ArrayList<>();

    Nodes(String prefix) {
      this.prefix = prefix;
    }

    /** Makes the value [rows,width,inner] and takes its mean and variance. */
    void addMoments(Measured measured) {
      Layout layout = measured.layout;
      String rows =
          add(
              "Reshape",
              "rows",
              measured.value,
              integers("shape", -1, layout.width(), layout.inner()));
      String mean = addAverage("mean", rows);
      String column = add("Reshape", "column", mean, integers("columnShape", layout.width(), 1));
      String distance = add("Sub", "distance", rows, column);
      addAverage("variance", add("Mul", "square", distance, distance));
    }

    /** The average of [rows,width,inner] for each index of width; rows are added up in double. */
    private String addAverage(String name, String value) {
      String row = addReduction(name + ".row", value, 2);
      String wide = addCast(name + ".wide", row, DataType.DOUBLE);
      return addCast(name, addReduction(name + ".all", wide, 0), DataType.FLOAT);
    }

    /** (x - mean) / sqrt(variance) * deviation + goal where there is a goal, elsewhere x. */
    String addMatch(String value, Correction.Match match) {
      String mean = prefix + "mean";
      String variance = prefix + "variance";
      String deviation = floats("deviation", match.deviation);
      String one = floats("one", 1);
      String noise = add("Mul", "noise", add("Mul", "power", mean, mean), floats("share", NOISE));
      String varies = add("Greater", "varies", variance, noise);
      String wanted = add("Greater", "wanted", deviation, floats("nothing", 0));
      String moves = add("And", "moves", varies, wanted);
      String divisor = add("Where", "divisor", moves, variance, one);
      String gamma = add("Where", "gamma", moves, deviation, one);
      String factor = add("Div", "factor", gamma, add("Sqrt", "root", divisor));
      String moved = match.shift ? floats("goal", match.mean) : add("Mul", "scaled", mean, factor);
      String beta = add("Where", "beta", moves, moved, mean);
      String matched =
          add(
              node("BatchNormalization", "matched", prefix + "rows", gamma, beta, mean, divisor)
                  .addAttribute(attribute("epsilon", AttributeType.FLOAT).setF(0)));
      return add("Reshape", "corrected", matched, add("Shape", "valueShape", value));
    }

    private String addReduction(String name, String value, int axis) {
      NodeProto.Builder node = node("ReduceMean", name, value);
      if (axesAreInputs) {
        node.addInput(integers(name + ".axes", axis));
      } else {
        node.addAttribute(attribute("axes", AttributeType.INTS).addInts(axis));
      }
      return add(node.addAttribute(attribute("keepdims", AttributeType.INT).setI(0)));
    }

    private String addCast(String name, String value, DataType type) {
      return add(
          node("Cast", name, value)
              .addAttribute(attribute("to", AttributeType.INT).setI(type.getNumber())));
    }

    private static AttributeProto.Builder attribute(String name, AttributeType type) {
      return AttributeProto.newBuilder().setName(name).setType(type);
    }

    private NodeProto.Builder node(String operator, String name, String... inputs) {
      return NodeProto.newBuilder()
          .setOpType(operator)
          .setName(prefix + name)
          .addAllInput(List.of(inputs))
          .addOutput(prefix + name);
    }

    private String add(String operator, String name, String... inputs) {
      return add(node(operator, name, inputs));
    }

    private String add(NodeProto.Builder node) {
      list.add(node.build());
      return node.getOutput(0);
    }

    private String integers(String name, long... values) {
      TensorProto.Builder tensor =
          TensorProto.newBuilder()
              .setName(prefix + name)
              .setDataType(DataType.INT64.getNumber())
              .addDims(values.length);
      for (long value : values) {
        tensor.addInt64Data(value);
      }
      graph.addInitializer(tensor);
      return tensor.getName();
    }

    private String floats(String name, float... values) {
      TensorProto.Builder tensor =
          TensorProto.newBuilder()
              .setName(prefix + name)
              .setDataType(DataType.FLOAT.getNumber())
              .addDims(values.length);
      for (float value : values) {
        tensor.addFloatData(value);
      }
      graph.addInitializer(tensor);
      return tensor.getName();
    }
  }
}
