package org.otfuse.models.trace;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.List;
import java.util.Optional;

/**
 * A node with the access to inputs and attributes that rules need.
 *
 * @param index its index in the graph
 * @param proto the node
 * @param opset version of the operator set that its operator is from
 */
public record OperatorNode(int index, NodeProto proto, long opset) {
  public String operator() {
    return proto.getOpType();
  }

  /** Whether the operator is one of ONNX's own. */
  public boolean isStandard() {
    return isStandard(proto.getDomain());
  }

  public static boolean isStandard(String domain) {
    return domain.isEmpty() || domain.equals("ai.onnx");
  }

  /** For messages. */
  String label() {
    return proto.getOpType() + " " + (proto.getName().isEmpty() ? output() : proto.getName());
  }

  /** The name of a layer: the node's, or that of its weight. */
  String layerName(Value.Weight weight) {
    return proto.getName().isEmpty() ? weight.parameter().name() : proto.getName();
  }

  public int inputCount() {
    return proto.getInputCount();
  }

  /** Whether the input is given; optional ones may be missing or empty. */
  public boolean hasInput(int index) {
    return index < proto.getInputCount() && !proto.getInput(index).isEmpty();
  }

  /** The name of the first output. */
  String output() {
    return proto.getOutputCount() == 0 ? "" : proto.getOutput(0);
  }

  public Optional<AttributeProto> attribute(String name) {
    for (AttributeProto attribute : proto.getAttributeList()) {
      if (attribute.getName().equals(name)) {
        return Optional.of(attribute);
      }
    }
    return Optional.empty();
  }

  public long integer(String name, long otherwise) {
    return attribute(name).map(AttributeProto::getI).orElse(otherwise);
  }

  double real(String name, double otherwise) {
    return attribute(name).map(a -> (double) a.getF()).orElse(otherwise);
  }

  public String text(String name, String otherwise) {
    return attribute(name).map(a -> a.getS().toStringUtf8()).orElse(otherwise);
  }

  public Optional<List<Long>> integers(String name) {
    return attribute(name).map(AttributeProto::getIntsList);
  }
}
