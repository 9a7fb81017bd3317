package org.otfuse.cli;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import org.otfuse.NeuronGroup;
import org.otfuse.TensorLayout;
import org.otfuse.TensorLayout.Axis;
import org.otfuse.TensorLayout.Role;
import org.otfuse.TensorLayout.Segment;
import org.otfuse.models.OnnxModel;

/**
 * A network that computes the same with wider layers: every neuron that may move is there several
 * times, and each copy passes on its share. For tensors of one slab whose axes are plain or one
 * group.
 */
final class WidenedFile {
  private final List<NeuronGroup> groups;
  private final IntUnaryOperator copies;

  private WidenedFile(List<NeuronGroup> groups, IntUnaryOperator copies) {
    this.groups = groups;
    this.copies = copies;
  }

  /** Widens a model file; copies tells how many there shall be of each neuron of a group. */
  static Path of(Path original, Path target, IntUnaryOperator copies) throws IOException {
    OnnxModel model = OnnxModel.read(original);
    WidenedFile widened = new WidenedFile(model.model().architecture().groups(), copies);
    Map<String, TensorProto> wide = new HashMap<>();
    List<TensorLayout> tensors = model.model().architecture().tensors();
    for (int t = 0; t < tensors.size(); t++) {
      wide.put(tensors.get(t).name(), widened.wide(tensors.get(t), model.model().tensors().get(t)));
    }
    ModelProto proto = ModelProto.parseFrom(Files.readAllBytes(original));
    GraphProto.Builder graph = proto.getGraph().toBuilder();
    for (int i = 0; i < graph.getInitializerCount(); i++) {
      TensorProto before = graph.getInitializer(i);
      graph.setInitializer(i, wide.getOrDefault(before.getName(), before));
    }
    graph.clearValueInfo();
    Files.write(target, proto.toBuilder().setGraph(graph).build().toByteArray());
    return target;
  }

  private int copies(Axis axis) {
    int group = axis.segments().get(0).group();
    boolean stays = group == Segment.PLAIN || groups.get(group).pinned().isPresent();
    return stays ? 1 : copies.applyAsInt(group);
  }

  private TensorProto wide(TensorLayout tensor, FloatBuffer source) {
    List<Axis> axes = tensor.slabs().get(0).axes();
    TensorProto.Builder proto =
        TensorProto.newBuilder()
            .setName(tensor.name())
            .setDataType(TensorProto.DataType.FLOAT.getNumber());
    int length = 1;
    for (Axis axis : axes) {
      proto.addDims((long) axis.size() * copies(axis));
      length *= axis.size() * copies(axis);
    }
    ByteBuffer target = ByteBuffer.allocate(4 * length).order(ByteOrder.LITTLE_ENDIAN);
    for (int p = 0; p < length; p++) {
      int from = 0;
      int stride = 1;
      int share = 1;
      for (int a = axes.size() - 1, rest = p; a >= 0; a--) {
        Axis axis = axes.get(a);
        int size = axis.size() * copies(axis);
        int block = axis.segments().get(0).block();
        int index = rest % size;
        rest /= size;
        from += (index / (block * copies(axis)) * block + index % block) * stride;
        stride *= axis.size();
        share *= axis.role() == Role.INPUT ? copies(axis) : 1;
      }
      target.putFloat(source.get(from) / share);
    }
    return proto.setRawData(ByteString.copyFrom(target.rewind())).build();
  }
}
