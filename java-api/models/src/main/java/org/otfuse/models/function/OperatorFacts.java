package org.otfuse.models.function;

import ai.onnx.proto.OnnxMl.AttributeProto;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.otfuse.Operation;
import org.otfuse.Operation.Fact;
import org.otfuse.models.onnx.ConstantValues;
import org.otfuse.models.trace.AxisWords;
import org.otfuse.models.trace.OperatorNode;
import org.otfuse.models.trace.PartRules;
import org.otfuse.models.trace.SymbolicAxis;
import org.otfuse.models.trace.Trace;
import org.otfuse.models.trace.Untraceable;
import org.otfuse.models.trace.Value;
import org.otfuse.models.trace.Value.Activation;
import org.otfuse.models.trace.Value.Integers;
import org.otfuse.models.trace.Value.Weight;

/**
 * What one node does, in a form that is the same however a file says it: defaults are filled in,
 * settings are the same as attributes and as inputs, axes are counted from the front, and sizes
 * that depend on how many neurons there are become the axes that they make.
 */
final class OperatorFacts {
  /** Something that counts for a node. */
  sealed interface Part {
    /** What is known at once. */
    record Known(Fact fact) implements Part {}

    /**
     * What lies in an input.
     *
     * @param what what the input is for
     * @param input its index
     * @param bare whether the shape of a constant is of no account
     */
    record Read(String what, int input, boolean bare) implements Part {}
  }

  private final OperatorNode node;
  private final Optional<Trace> trace;
  private final AxisWords words;
  private final Path file;
  private final List<Part> parts = new ArrayList<>();
  private final Set<Integer> inputsDone = new HashSet<>();
  private final Set<String> attributesDone = new HashSet<>();

  private OperatorFacts(OperatorNode node, Optional<Trace> trace, AxisWords words, Path file) {
    this.node = node;
    this.trace = trace;
    this.words = words;
    this.file = file;
  }

  /**
   * Describes a node.
   *
   * @param trace what is known of the values, empty inside a subgraph
   */
  static List<Part> of(OperatorNode node, Optional<Trace> trace, AxisWords words, Path file) {
    OperatorFacts facts = new OperatorFacts(node, trace, words, file);
    facts.addOperator();
    if (node.isStandard()) {
      facts.addSpecial();
    }
    facts.addTheRest();
    return facts.parts;
  }

  private void add(String what, List<String> values, String text) {
    parts.add(new Part.Known(new Fact(what, values, text)));
  }

  private void add(String what, List<String> values) {
    add(what, values, values.size() == 1 ? values.get(0) : ConstantValues.text(values));
  }

  private void addOperator() {
    String domain = node.proto().getDomain();
    if (!node.isStandard()) {
      String name = domain + "." + node.operator();
      add("", List.of(name, "version " + node.opset()), name + " of version " + node.opset());
    } else if (OperatorDefaults.isStable(node)) {
      add("", List.of(node.operator()));
    } else {
      add(
          "",
          List.of(node.operator(), "operator set " + node.opset()),
          node.operator() + " of operator set " + node.opset());
      addOutputs();
    }
  }

  private void addOutputs() {
    add("the number of outputs", List.of(Integer.toString(node.proto().getOutputCount())));
  }

  private void addSpecial() {
    switch (node.operator()) {
      case "Reshape", "Expand" -> addShape();
      case "Resize", "Upsample" -> addResize();
      case "Split" -> addSplit();
      case "Slice" -> addSlice();
      case "Pad" -> addPad();
      case "Clip" -> {
        addSetting("min", 1, Float.toString(-Float.MAX_VALUE));
        addSetting("max", 2, Float.toString(Float.MAX_VALUE));
      }
      case "Squeeze", "Unsqueeze" -> addAxes("the axes of size 1");
      case "Softmax", "LogSoftmax", "Hardmax" -> addSoftmax();
      case "Transpose" -> addTranspose();
      case "Conv", "ConvTranspose" -> addConvolution();
      case "TopK" -> addSetting("k", 1);
      case "Dropout" -> addSetting("ratio", 1, "0.5");
      case "BatchNormalization" -> {
        if (node.integer("training_mode", 0) == 0) {
          attributesDone.add("momentum");
        }
      }
      default -> {
        if (node.operator().startsWith("Reduce")) {
          addAxes("all axes");
        }
      }
    }
  }

  /** Inputs and attributes that mean nothing but what they say. */
  private void addTheRest() {
    for (int i = 0; i < node.inputCount(); i++) {
      if (node.hasInput(i) && inputsDone.add(i)) {
        parts.add(new Part.Read("input " + i, i, false));
      }
    }
    Map<String, Optional<AttributeProto>> attributes = new TreeMap<>();
    Map<String, String> defaults =
        node.isStandard() ? OperatorDefaults.of(node.operator()) : Map.of();
    defaults.keySet().forEach(name -> attributes.put(name, Optional.empty()));
    for (AttributeProto attribute : node.proto().getAttributeList()) {
      attributes.put(attribute.getName(), node.attribute(attribute.getName()));
    }
    attributes.forEach(
        (name, given) -> {
          boolean graph = given.filter(a -> a.hasG() || a.getGraphsCount() > 0).isPresent();
          if (!graph && attributesDone.add(name)) {
            addAttribute(name, given, Optional.ofNullable(defaults.get(name)));
          }
        });
  }

  private void addAttribute(
      String name, Optional<AttributeProto> given, Optional<String> otherwise) {
    boolean repeated = otherwise.filter(value -> value.endsWith("*")).isPresent();
    List<String> values =
        given
            .map(attribute -> ConstantValues.of(attribute, file))
            .orElseGet(() -> repeated ? List.of() : List.of(otherwise.orElseThrow()));
    if (repeated) {
      String value = otherwise.orElseThrow().replace("*", "");
      if (values.stream().allMatch(value::equals)) {
        return;
      }
    }
    add("attribute " + name, name.equals("axis") ? fromFront(values, rank()) : values);
  }

  /** A setting that is an attribute in old operator sets and an input in new ones. */
  private boolean addSetting(String name, int input) {
    Optional<List<String>> known = known(name, input);
    if (known.isPresent()) {
      add(name, known.get());
    } else if (node.hasInput(input)) {
      inputsDone.add(input);
      parts.add(new Part.Read(name, input, true));
    }
    return known.isPresent() || node.hasInput(input);
  }

  private void addSetting(String name, int input, String otherwise) {
    if (!addSetting(name, input)) {
      add(name, List.of(otherwise));
    }
  }

  /** The setting's values if they are integers that the file determines, or an attribute. */
  private Optional<List<String>> known(String name, int input) {
    Optional<AttributeProto> attribute = node.attribute(name);
    if (attribute.isPresent()) {
      attributesDone.add(name);
      return Optional.of(ConstantValues.of(attribute.get(), file));
    }
    Optional<List<Long>> integers = integers(name, input);
    if (integers.isPresent()) {
      inputsDone.add(input);
    }
    return integers.map(list -> list.stream().map(words::size).toList());
  }

  private Optional<List<Long>> integers(String name, int input) {
    try {
      return trace.isPresent() ? trace.get().integers(node, name, input) : node.integers(name);
    } catch (Untraceable e) {
      return Optional.empty();
    }
  }

  private void done(String name, int input) {
    attributesDone.add(name);
    inputsDone.add(input);
  }

  /** How many axes the first input has, or -1. */
  private int rank() {
    Value value = trace.map(t -> t.input(node, 0)).orElse(new Value.Opaque());
    if (value instanceof Activation activation) {
      return activation.rank();
    }
    if (value instanceof Weight weight) {
      return weight.rank();
    }
    return value instanceof Integers integers ? integers.shape().size() : -1;
  }

  private static List<String> fromFront(List<String> axes, int rank) {
    return rank < 0
        ? axes
        : axes.stream()
            .map(a -> a.startsWith("-") ? Long.toString(Long.parseLong(a) + rank) : a)
            .toList();
  }

  /** The axes of the node's input, if tracing knows them. */
  private Optional<List<SymbolicAxis>> input() {
    return trace.flatMap(t -> axes(t.input(node, 0)));
  }

  private static Optional<List<SymbolicAxis>> axes(Value value) {
    return value instanceof Activation activation
        ? Optional.of(activation.axes())
        : Optional.empty();
  }

  private Optional<List<SymbolicAxis>> output(int index) {
    return trace.flatMap(t -> axes(t.value(node.proto().getOutput(index))));
  }

  /** The shape that a node makes of another is told by the axes that come out. */
  private boolean addMade(String name, int input) {
    boolean made = input().isPresent() && integers(name, input).isPresent();
    if (made && output(0).isPresent()) {
      done(name, input);
      add(name, words.of(output(0).get()));
    }
    return made && output(0).isPresent();
  }

  private void addShape() {
    if (addMade("shape", 1)) {
      attributesDone.add("allowzero");
    } else {
      addSetting("shape", 1);
    }
  }

  private void addResize() {
    boolean regions = node.text("coordinate_transformation_mode", "").equals("tf_crop_and_resize");
    if (node.operator().equals("Resize") && node.opset() > 10 && !regions) {
      inputsDone.add(1);
    }
    boolean old = node.operator().equals("Upsample") || node.opset() < 11;
    addSetting("scales", old ? 1 : 2);
    if (node.hasInput(3) && (node.attribute("axes").isPresent() || !addMade("sizes", 3))) {
      addSetting("sizes", 3);
    }
  }

  private void addSplit() {
    int rank = rank();
    long axis = node.integer("axis", 0);
    int a = (int) (axis < 0 ? axis + rank : axis);
    List<String> lengths = new ArrayList<>();
    for (int i = 0; i < node.proto().getOutputCount(); i++) {
      Optional<List<SymbolicAxis>> part = output(i);
      if (part.isPresent() && a >= 0 && a < part.get().size()) {
        lengths.add(words.of(part.get().get(a)));
      }
    }
    attributesDone.add("num_outputs");
    if (input().isPresent() && lengths.size() == node.proto().getOutputCount()) {
      done("split", 1);
      add("split", lengths);
    } else {
      addSetting("split", 1);
    }
    addOutputs();
  }

  private void addSlice() {
    Optional<List<Long>> starts = integers("starts", 1);
    Optional<List<Long>> ends = integers("ends", 2);
    boolean known =
        starts.isPresent()
            && ends.isPresent()
            && (!node.hasInput(3) || integers("axes", 3).isPresent())
            && (!node.hasInput(4) || integers("steps", 4).isPresent());
    if (!known || input().isEmpty() || output(0).isEmpty()) {
      addSetting("starts", 1);
      addSetting("ends", 2);
      addSetting("axes", 3);
      addSetting("steps", 4);
      return;
    }
    Optional<List<Long>> axes = integers("axes", 3);
    Optional<List<Long>> steps = integers("steps", 4);
    Map<Integer, String> taken = new TreeMap<>();
    for (int i = 0; i < starts.get().size(); i++) {
      long axis = axes.isPresent() ? axes.get().get(i) : i;
      int a = (int) (axis < 0 ? axis + input().get().size() : axis);
      long step = steps.isPresent() ? steps.get().get(i) : 1;
      taken.put(a, taken(a, starts.get().get(i), ends.get().get(i), step));
    }
    done("starts", 1);
    done("ends", 2);
    done("axes", 3);
    done("steps", 4);
    taken.forEach((axis, range) -> add("the part of axis " + axis, List.of(range)));
  }

  /** What a slice takes of an axis: indices, or where neurons lie on it, which of them. */
  private String taken(int axis, long start, long end, long step) {
    SymbolicAxis from = input().get().get(axis);
    if (!from.isPlain() && step == 1) {
      return words.of(output(0).get().get(axis));
    }
    boolean open = words.size(from.size()).equals(Operation.ANY);
    if (open || step == 0) {
      return "%s to %s by %d".formatted(start, end, step);
    }
    PartRules.Range range = PartRules.Range.of(start, end, step, from.size());
    return "%d from %d by %d".formatted(range.count(), range.first(), step);
  }

  private void addPad() {
    String name = node.attribute("paddings").isPresent() ? "paddings" : "pads";
    Optional<List<Long>> pads = integers(name, 1);
    Optional<List<Long>> axes = integers("axes", 3);
    int rank = rank();
    boolean known = pads.isPresent() && rank >= 0 && (!node.hasInput(3) || axes.isPresent());
    int count = axes.map(List::size).orElse(rank);
    if (known && pads.get().size() == 2 * count) {
      String[] all = new String[2 * rank];
      Arrays.fill(all, "0");
      for (int i = 0; i < count; i++) {
        long axis = axes.isPresent() ? axes.get().get(i) : i;
        int a = (int) (axis < 0 ? axis + rank : axis);
        if (a >= 0 && a < rank) {
          all[a] = words.size(pads.get().get(i));
          all[a + rank] = words.size(pads.get().get(i + count));
        }
      }
      done(name, 1);
      done("axes", 3);
      add("pads", List.of(all));
    } else {
      addSetting(name, 1);
      addSetting("axes", 3);
    }
    if (node.text("mode", "constant").equals("constant")) {
      addSetting("value", 2, "0.0");
    } else {
      done("value", 2);
    }
  }

  private void addAxes(String otherwise) {
    Optional<List<String>> listed = known("axes", 1);
    if (listed.isEmpty() && node.hasInput(1)) {
      addSetting("axes", 1);
      return;
    }
    List<String> axes = listed.orElse(List.of());
    boolean idle = node.integer("noop_with_empty_axes", 0) != 0;
    int rank = rank();
    int counted = node.operator().equals("Unsqueeze") && rank >= 0 ? rank + axes.size() : rank;
    List<String> sorted = fromFront(axes, counted).stream().sorted().toList();
    boolean all = node.operator().startsWith("Reduce") && sorted.size() == rank;
    if (sorted.isEmpty() && idle) {
      add("axes", List.of("no axes"));
    } else {
      add("axes", sorted.isEmpty() || all ? List.of(otherwise) : sorted);
    }
    if (!sorted.isEmpty()) {
      attributesDone.add("noop_with_empty_axes");
    }
  }

  /** Before version 13 all axes from the given one on are one. */
  private void addSoftmax() {
    attributesDone.add("axis");
    boolean one = node.opset() >= 13;
    String axis = Long.toString(node.integer("axis", one ? -1 : 1));
    int rank = rank();
    if (rank < 0) {
      add("axis", List.of(axis), one ? axis : axis + " and all after it");
      add("the axes after it", List.of(one ? "apart" : "with it"));
      return;
    }
    List<String> axes = new ArrayList<>(fromFront(List.of(axis), rank));
    long first = Long.parseLong(axes.get(0));
    for (long a = first + 1; !one && first >= 0 && a < rank; a++) {
      axes.add(Long.toString(a));
    }
    add("axis", axes);
  }

  private void addTranspose() {
    int rank = rank();
    if (node.integers("perm").isEmpty() && rank >= 0) {
      List<String> reversed = new ArrayList<>();
      for (int a = rank - 1; a >= 0; a--) {
        reversed.add(Integer.toString(a));
      }
      add("attribute perm", reversed);
    }
  }

  /** The kernel's size is the weight's; a depthwise convolution has as many groups as channels. */
  private void addConvolution() {
    boolean weight = trace.filter(t -> t.input(node, 1) instanceof Weight).isPresent();
    if (weight) {
      attributesDone.add("kernel_shape");
    }
    Optional<SymbolicAxis> channels =
        input().filter(axes -> axes.size() > 1).map(axes -> axes.get(1));
    long group = node.integer("group", 1);
    if (group > 1 && channels.filter(c -> !c.isPlain() && c.size() == group).isPresent()) {
      attributesDone.add("group");
      add("attribute group", List.of("one for each channel"));
    }
  }
}
