package org.otfuse.models.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.GraphProtoOrBuilder;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.otfuse.InvalidInputException;
import org.otfuse.UnsupportedModelException;
import org.otfuse.models.file.Excerpt;

/**
 * Refuses nodes, those of subgraphs too, that have two attributes of one name, of which readers
 * would take different ones; and external data of tensors that are no weights of the main graph:
 * those stay in the file as they are, and their names of files would be followed by whoever runs
 * the model from elsewhere.
 */
final class NodeCheck {
  private final Path file;
  private final Deque<GraphProto> open = new ArrayDeque<>();

  private NodeCheck(Path file) {
    this.file = file;
  }

  static void check(GraphProtoOrBuilder graph, Path file) {
    NodeCheck check = new NodeCheck(file);
    for (NodeProto node : graph.getNodeList()) {
      check.node(node, node.getOpType().equals("Constant"));
    }
    while (!check.open.isEmpty()) {
      GraphProto sub = check.open.pop();
      check.tensors(sub.getInitializerList());
      sub.getNodeList().forEach(node -> check.node(node, false));
    }
  }

  private void node(NodeProto node, boolean constant) {
    Set<String> names = new HashSet<>();
    for (AttributeProto attribute : node.getAttributeList()) {
      if (!names.add(attribute.getName())) {
        throw new InvalidInputException(
            "node %s of %s has two attributes named %s, expected one"
                .formatted(
                    Excerpt.of(node.getOpType() + " " + node.getName()),
                    file,
                    Excerpt.of(attribute.getName())));
      }
      attribute(attribute, constant);
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
