package org.otfuse.models.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.otfuse.UnsupportedModelException;
import org.otfuse.models.GraphBuilder;

/** Models that were saved while they trained are refused, those for inference are read. */
class TrainingCheckTest {
  private static GraphBuilder normalized(int opset, int outputs, Object... attributes) {
    GraphBuilder g = new GraphBuilder(opset);
    String x = g.conv(g.input("x", 0, 2, 4, 4), 2, 3);
    List<String> inputs =
        List.of(
            x,
            g.positive("gamma", 3),
            g.weight("beta", 3),
            g.weight("mean", 3),
            g.positive("variance", 3));
    String y = g.nodes(outputs, "BatchNormalization", inputs, attributes).get(0);
    g.output(g.conv(g.relu(y), 3, 2), 0, 2, 4, 4);
    return g;
  }

  private static GraphBuilder dropped(DataType type, int mode) {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.relu(g.gemm(g.input("x", 0, 4), 4, 6));
    g.graph()
        .addInitializer(
            TensorProto.newBuilder()
                .setName("mode")
                .setDataType(type.getNumber())
                .addInt32Data(mode));
    String kept = g.node("Dropout", List.of(x, g.positive("ratio"), "mode"));
    g.output(g.gemm(kept, 6, 2), 0, 2);
    return g;
  }

  private static void isRefused(GraphBuilder g, String node, String found) {
    String message = assertThrows(UnsupportedModelException.class, g::read).getMessage();
    assertTrue(message.startsWith(node + " of ") && message.endsWith(found), message);
  }

  @Test
  void batchNormalizationThatTrainsIsRefused() {
    String node = "BatchNormalization BatchNormalization1";
    isRefused(
        normalized(17, 1, "training_mode", 1),
        node,
        " has training_mode 1, expected 0 as only inference can be fused");
    isRefused(
        normalized(17, 3, "training_mode", 1),
        node,
        " has training_mode 1, expected 0 as only inference can be fused");
    isRefused(
        normalized(9, 5),
        node,
        " has the outputs of training, expected the first one alone as only inference can be"
            + " fused");
  }

  @Test
  void dropoutThatTrainsIsRefused() {
    isRefused(
        dropped(DataType.BOOL, 1),
        "Dropout Dropout2",
        " has training_mode true, expected false as only inference can be fused");
  }

  @Test
  void nodesForInferenceAreRead() {
    for (GraphBuilder g :
        List.of(
            normalized(17, 1),
            normalized(17, 1, "training_mode", 0),
            normalized(9, 1),
            dropped(DataType.BOOL, 0))) {
      assertEquals(List.of(), g.read().model().architecture().warnings());
      assertTrue(g.read().model().architecture().groups().get(0).pinned().isEmpty());
    }
  }
}
