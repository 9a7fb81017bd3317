package org.otfuse.models.trace;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.otfuse.models.file.Limits;
import org.otfuse.models.onnx.TensorData;
import org.otfuse.models.trace.Value.Activation;
import org.otfuse.models.trace.Value.Integers;

/** Constants that are no weights: integers are kept for shape arithmetic, the rest is plain. */
final class ConstantRules {
  private ConstantRules() {}

  static void constant(OperatorNode node, Trace trace) throws Untraceable {
    for (AttributeProto attribute : node.proto().getAttributeList()) {
      switch (attribute.getName()) {
        case "value" -> trace.setConstant(node.output(), attribute.getT());
        case "value_int" ->
            trace.set(node.output(), new Integers(List.of(), new long[] {attribute.getI()}));
        case "value_ints" -> trace.set(node.output(), integers(attribute.getIntsList()));
        case "value_float", "value_string" -> trace.set(node, List.of());
        case "value_floats" ->
            trace.set(node, List.of(SymbolicAxis.plain(attribute.getFloatsCount())));
        default -> throw new Untraceable("holds a " + attribute.getName());
      }
    }
  }

  private static Value integers(List<Long> list) {
    if (list.size() > Limits.INTEGERS) {
      return new Activation(List.of(SymbolicAxis.plain(list.size())));
    }
    return new Integers(
        List.of((long) list.size()), list.stream().mapToLong(Long::longValue).toArray());
  }

  /** What is known of a constant tensor. */
  static Value value(TensorProto tensor) {
    int type = tensor.getDataType();
    boolean integer = type == DataType.INT64.getNumber() || type == DataType.INT32.getNumber();
    List<Long> shape = tensor.getDimsList();
    int count = TensorData.count(tensor, Path.of("the model"));
    if (integer && count <= Limits.INTEGERS) {
      return new Integers(shape, TensorData.integers(tensor, Path.of("the model")));
    }
    return new Activation(shape.stream().map(SymbolicAxis::plain).toList());
  }

  static void constantOfShape(OperatorNode node, Trace trace) throws Untraceable {
    List<Long> shape =
        trace
            .integers(node, "shape", 0)
            .orElseThrow(() -> new Untraceable("its shape is not known"));
    Optional<TensorProto> value = node.attribute("value").map(AttributeProto::getT);
    long count = ShapeRules.product(shape);
    if (value.isPresent()
        && value(value.get()) instanceof Integers integers
        && integers.values().length == 1
        && count <= Limits.INTEGERS) {
      long[] filled = new long[(int) count];
      Arrays.fill(filled, integers.values()[0]);
      trace.set(node.output(), new Integers(shape, filled));
    } else {
      trace.set(node, shape.stream().map(SymbolicAxis::plain).toList());
    }
  }

  /** The values of a float setting, from an attribute in old operator sets or an input. */
  static float[] floats(OperatorNode node, int input, String attribute, Trace trace)
      throws Untraceable {
    Optional<AttributeProto> listed = node.attribute(attribute);
    if (listed.isPresent()) {
      float[] values = new float[listed.get().getFloatsCount()];
      for (int i = 0; i < values.length; i++) {
        values[i] = listed.get().getFloats(i);
      }
      return values;
    }
    TensorProto tensor =
        (node.hasInput(input)
                ? trace.constant(node.proto().getInput(input))
                : Optional.<TensorProto>empty())
            .filter(t -> t.getDataType() == DataType.FLOAT.getNumber())
            .filter(t -> TensorData.count(t, Path.of("the model")) <= Limits.RANK)
            .orElseThrow(() -> new Untraceable("its " + attribute + " are not known"));
    return TensorData.floats(tensor, Path.of("the model")).array();
  }
}
