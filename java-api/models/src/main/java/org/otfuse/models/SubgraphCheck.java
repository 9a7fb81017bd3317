package org.otfuse.models;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.GraphProtoOrBuilder;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.otfuse.UnsupportedModelException;

/**
 * Refuses external data of tensors that are no weights of the main graph: those stay in the file as
 * they are, and their names of files would be followed by whoever runs the model from elsewhere.
 */
final class SubgraphCheck {
  private final Path file;
  private final Deque<GraphProto> open = new ArrayDeque<>();

  private SubgraphCheck(Path file) {
    this.file = file;
  }

  static void check(GraphProtoOrBuilder graph, Path file) {
    SubgraphCheck check = new SubgraphCheck(file);
    for (NodeProto node : graph.getNodeList()) {
      boolean constant = node.getOpType().equals("Constant");
      for (AttributeProto attribute : node.getAttributeList()) {
        check.attribute(attribute, constant);
      }
    }
    while (!check.open.isEmpty()) {
      GraphProto sub = check.open.pop();
      check.tensors(sub.getInitializerList());
      for (NodeProto node : sub.getNodeList()) {
        node.getAttributeList().forEach(attribute -> check.attribute(attribute, false));
      }
    }
  }

  private void attribute(AttributeProto attribute, boolean constant) {
    if (attribute.hasT() && !constant) {
      tensors(List.of(attribute.getT()));
    }
    tensors(attribute.getTensorsList());
    if (attribute.hasG()) {
      open.push(attribute.getG());
    }
    attribute.getGraphsList().forEach(open::push);
  }

  private void tensors(List<TensorProto> tensors) {
    for (TensorProto tensor : tensors) {
      if (TensorData.isExternal(tensor)) {
        throw new UnsupportedModelException(
            "tensor %s in a subgraph or attribute of %s has external data, expected its data inside"
                .formatted(Excerpt.of(tensor.getName()), file));
      }
    }
  }
}
