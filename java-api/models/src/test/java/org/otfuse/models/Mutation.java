package org.otfuse.models;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.InvalidProtocolBufferException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Changes a model file a little: a few bytes, or the graph's wiring, attributes and tensors. */
final class Mutation {
  private static final long[] NUMBERS = {-2, -1, 0, 1, 2, 3, 4, 5, 6, 36, 1L << 40, Long.MIN_VALUE};

  private final Random random;

  Mutation(Random random) {
    this.random = random;
  }

  byte[] of(byte[] file) {
    if (random.nextInt(4) == 0) {
      return bytes(file.clone());
    }
    try {
      ModelProto.Builder model = ModelProto.parseFrom(file).toBuilder();
      for (int i = random.nextInt(3); i >= 0; i--) {
        change(model);
      }
      return model.build().toByteArray();
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  private byte[] bytes(byte[] bytes) {
    for (int i = random.nextInt(3); i >= 0; i--) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(3)) {
        case 0 -> bytes[at] = (byte) random.nextInt();
        case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        default -> bytes[at] = bytes[random.nextInt(bytes.length)];
      }
    }
    return bytes;
  }

  private void change(ModelProto.Builder model) {
    GraphProto.Builder graph = model.getGraphBuilder();
    int n = random.nextInt(graph.getNodeCount());
    switch (random.nextInt(9)) {
      case 0 -> model.getOpsetImportBuilder(0).setVersion(1 + random.nextInt(22));
      case 1 -> graph.addNode(copy(graph.getNode(n)));
      case 2 -> graph.setNode(n, graph.getNode(random.nextInt(graph.getNodeCount())));
      case 3, 4 -> rewire(graph, graph.getNodeBuilder(n));
      case 5, 6 -> attribute(graph.getNodeBuilder(n), donor(graph));
      case 7 -> tensor(graph);
      default -> graph.getNodeBuilder(n).setOpType(donor(graph).getOpType());
    }
  }

  private NodeProto donor(GraphProto.Builder graph) {
    return graph.getNode(random.nextInt(graph.getNodeCount()));
  }

  private NodeProto copy(NodeProto node) {
    NodeProto.Builder copy = node.toBuilder().clearOutput();
    node.getOutputList().forEach(output -> copy.addOutput(output + random.nextInt(3)));
    return copy.build();
  }

  private void rewire(GraphProto.Builder graph, NodeProto.Builder node) {
    List<String> names = new ArrayList<>(List.of("", "nothing"));
    graph.getNodeList().forEach(other -> names.addAll(other.getOutputList()));
    graph.getInitializerList().forEach(tensor -> names.add(tensor.getName()));
    graph.getInputList().forEach(input -> names.add(input.getName()));
    String name = names.get(random.nextInt(names.size()));
    switch (random.nextInt(4)) {
      case 0 -> node.addInput(name);
      case 1 -> node.addOutput(name);
      default -> {
        if (node.getInputCount() > 0) {
          node.setInput(random.nextInt(node.getInputCount()), name);
        }
      }
    }
  }

  private void attribute(NodeProto.Builder node, NodeProto donor) {
    if (donor.getAttributeCount() > 0 && random.nextBoolean()) {
      node.addAttribute(donor.getAttribute(random.nextInt(donor.getAttributeCount())));
    } else if (node.getAttributeCount() > 0) {
      int a = random.nextInt(node.getAttributeCount());
      AttributeProto.Builder attribute = node.getAttributeBuilder(a);
      switch (random.nextInt(5)) {
        case 0 -> node.removeAttribute(a);
        case 1 -> attribute.setI(number());
        case 2 -> attribute.addInts(number());
        case 3 -> attribute.clearInts();
        default -> {
          if (attribute.getIntsCount() > 0) {
            attribute.setInts(random.nextInt(attribute.getIntsCount()), number());
          }
        }
      }
    }
  }

  private long number() {
    return NUMBERS[random.nextInt(NUMBERS.length)];
  }

  private void tensor(GraphProto.Builder graph) {
    if (graph.getInitializerCount() == 0) {
      return;
    }
    int t = random.nextInt(graph.getInitializerCount());
    TensorProto.Builder tensor = graph.getInitializerBuilder(t);
    switch (random.nextInt(5)) {
      case 0 -> graph.removeInitializer(t);
      case 1 -> tensor.addDims(1);
      case 2 -> {
        List<Long> turned = new ArrayList<>(tensor.getDimsList());
        Collections.reverse(turned);
        tensor.clearDims().addAllDims(turned);
      }
      case 3 -> tensor.setName(donor(graph).getOutput(0));
      default -> {
        if (tensor.getInt64DataCount() > 0) {
          tensor.setInt64Data(random.nextInt(tensor.getInt64DataCount()), number());
        }
      }
    }
  }
}
