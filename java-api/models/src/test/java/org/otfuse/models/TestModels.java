package org.otfuse.models;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.LongStream;
import org.otfuse.Architecture;
import org.otfuse.NeuronGroup;
import org.otfuse.Producer;
import org.otfuse.TensorLayout;

/** Small models made by hand, whose outputs can be worked out on paper. */
public final class TestModels {
  /** A size that a model leaves open. */
  public static final long ANY = -1;

  private TestModels() {}

  /** logits [N,classes] = image [N,inputs] * weight + bias, on a batch of the given size. */
  static byte[] linear(long batch, float[][] weight, float... bias) {
    GraphProto.Builder graph =
        graph(batch, weight.length)
            .addInitializer(tensor("bias", new long[] {bias.length}, bias))
            .addInitializer(
                tensor("weight", new long[] {weight.length, bias.length}, flat(weight)));
    graph.addNode(node("Gemm", "logits", "image", "weight", "bias"));
    return model(graph.addOutput(value("logits")));
  }

  /**
   * Two channels conv = [x, 10 - x] for image [N,1,2,3], shifted and scaled by a BatchNormalization
   * to normalized = [2x - 1, (10 - x) * 3], relu, and the mean over positions as logits.
   */
  public static byte[] convolution(long batch) {
    long[] two = {2};
    GraphProto.Builder graph =
        graph(batch, 1, 2, 3)
            .addInitializer(tensor("weight", new long[] {2, 1, 1, 1}, 1, -1))
            .addInitializer(tensor("bias", two, 0, 10))
            .addInitializer(tensor("gamma", two, 4, 3))
            .addInitializer(tensor("beta", two, -1, 3))
            .addInitializer(tensor("mean", two, 0, 1))
            .addInitializer(tensor("variance", two, 4, 1));
    graph.addNode(node("Conv", "conv", "image", "weight", "bias"));
    graph.addNode(
        node("BatchNormalization", "normalized", "conv", "gamma", "beta", "mean", "variance")
            .toBuilder()
            .addAttribute(
                AttributeProto.newBuilder()
                    .setName("epsilon")
                    .setType(AttributeProto.AttributeType.FLOAT)
                    .setF(0)));
    graph.addNode(node("Relu", "relu", "normalized"));
    graph.addNode(node("GlobalAveragePool", "pooled", "relu"));
    graph.addNode(node("Flatten", "logits", "pooled"));
    return model(graph.addOutput(value("logits")));
  }

  private static GraphProto.Builder graph(long batch, long... imageShape) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    LongStream.concat(LongStream.of(batch), Arrays.stream(imageShape))
        .forEach(
            size -> {
              TensorShapeProto.Dimension.Builder dimension = shape.addDimBuilder();
              if (size == ANY) {
                dimension.setDimParam("any");
              } else {
                dimension.setDimValue(size);
              }
            });
    ValueInfoProto.Builder image = value("image").toBuilder();
    image.getTypeBuilder().getTensorTypeBuilder().setShape(shape);
    return GraphProto.newBuilder().setName("test").addInput(image);
  }

  static ValueInfoProto value(String name) {
    TypeProto.Tensor.Builder type =
        TypeProto.Tensor.newBuilder().setElemType(TensorProto.DataType.FLOAT_VALUE);
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(TypeProto.newBuilder().setTensorType(type))
        .build();
  }

  static NodeProto node(String operator, String output, String... inputs) {
    return NodeProto.newBuilder()
        .setOpType(operator)
        .setName(output)
        .addAllInput(List.of(inputs))
        .addOutput(output)
        .build();
  }

  private static TensorProto tensor(String name, long[] shape, float... values) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setName(name).setDataType(TensorProto.DataType.FLOAT_VALUE);
    Arrays.stream(shape).forEach(tensor::addDims);
    for (float value : values) {
      tensor.addFloatData(value);
    }
    return tensor.build();
  }

  private static float[] flat(float[][] rows) {
    float[] all = new float[rows.length * rows[0].length];
    for (int i = 0; i < all.length; i++) {
      all[i] = rows[i / rows[0].length][i % rows[0].length];
    }
    return all;
  }

  private static byte[] model(GraphProto.Builder graph) {
    return ModelProto.newBuilder()
        .setIrVersion(8)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
        .setGraph(graph)
        .build()
        .toByteArray();
  }

  /** A group that may move, of which only the taps matter. */
  public static NeuronGroup group(int size, Producer.Tap... taps) {
    return group(Optional.empty(), size, taps);
  }

  public static NeuronGroup group(Optional<String> pinned, int size, Producer.Tap... taps) {
    List<Producer> producers =
        Arrays.stream(taps)
            .map(
                tap ->
                    new Producer(
                        tap.value(), 0, 0, 0, 0, OptionalInt.empty(), Optional.empty(), 0, tap))
            .toList();
    String name = taps[0].value() + (taps[0].first() == 0 ? "" : " from " + taps[0].first());
    return new NeuronGroup(name, size, pinned, producers);
  }

  public static Architecture architecture(NeuronGroup... groups) {
    int size = Arrays.stream(groups).mapToInt(NeuronGroup::size).max().orElse(0);
    TensorLayout tensor = TensorLayout.plain("weight", List.of(size));
    return new Architecture(List.of(tensor), List.of(groups), List.of());
  }

  /** The groups of the bundled perceptron of 784-400-200-100-10 units. */
  public static Architecture perceptron() {
    return architecture(
        group(400, new Producer.Tap("/fc.0/Gemm_output_0", 1, 0)),
        group(200, new Producer.Tap("/fc.1/Gemm_output_0", 1, 0)),
        group(100, new Producer.Tap("/fc.2/Gemm_output_0", 1, 0)),
        group(Optional.of("graph output"), 10, new Producer.Tap("logits", 1, 0)));
  }
}
