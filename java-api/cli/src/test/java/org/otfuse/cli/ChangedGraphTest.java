package org.otfuse.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.otfuse.models.OnnxModel;

/** Networks whose graph was changed by hand, on the command line. */
class ChangedGraphTest extends TwoMlps {
  private static int firstRelu(GraphProto.Builder graph) {
    int n = 0;
    while (!graph.getNode(n).getOpType().equals("Relu")) {
      n++;
    }
    return n;
  }

  private static void change(Path file, Consumer<GraphProto.Builder> change) throws IOException {
    ModelProto.Builder model = ModelProto.parseFrom(Files.readAllBytes(file)).toBuilder();
    change.accept(model.getGraphBuilder());
    Files.write(file, model.build().toByteArray());
  }

  @Test
  void anotherActivationFunctionIsRefused() throws IOException {
    change(a, graph -> graph.getNodeBuilder(firstRelu(graph)).setOpType("Tanh"));
    CommandRun run = CommandRun.of("fuse", a, b, "-o", fused, "--backend", "java");
    assertEquals(Main.BAD_INPUT, run.status());
    assertTrue(run.err().contains("is Relu, expected Tanh"), run.err());
    assertFalse(Files.exists(fused));
  }

  /** A vector of a table is added to what the first layer computes, always the same one. */
  private static void addTable(GraphProto.Builder graph, long seed) {
    Random random = new Random(seed);
    TensorProto.Builder table =
        TensorProto.newBuilder().setName("table").setDataType(1).addDims(3).addDims(400);
    for (int i = 0; i < 1200; i++) {
      table.addFloatData((float) (0.01 * random.nextGaussian()));
    }
    graph.addInitializer(table);
    graph.addInitializer(
        TensorProto.newBuilder().setName("place").setDataType(7).addDims(1).addInt64Data(2));
    int relu = firstRelu(graph);
    String hidden = graph.getNode(relu).getInput(0);
    graph.getNodeBuilder(relu).setInput(0, "moved");
    graph.addNode(
        NodeProto.newBuilder()
            .setName("lookup")
            .setOpType("Gather")
            .addInput("table")
            .addInput("place")
            .addOutput("row"));
    graph.addNode(
        NodeProto.newBuilder()
            .setName("move")
            .setOpType("Add")
            .addInput(hidden)
            .addInput("row")
            .addOutput("moved"));
  }

  @Test
  void aTableReadAtAConstantPlaceIsNamedAndTheRestIsCalibrated() throws IOException {
    change(a, graph -> addTable(graph, 1));
    change(b, graph -> addTable(graph, 2));
    Path data = CommandRun.file(folder, "fashion-calibration.npz");
    JsonObject report =
        CommandRun.of(
                "fuse",
                a,
                b,
                "-o",
                fused,
                "--anchor",
                "1",
                "--calibration",
                data,
                "--correction",
                "repair",
                "--features",
                "activations",
                "--backend",
                "java",
                "--json")
            .json();
    assertTrue(
        report
            .getAsJsonArray("warnings")
            .toString()
            .contains("Calibration samples do not show what node lookup computes"),
        report.toString());
    assertEquals(3, report.getAsJsonArray("groups").size());
    assertFalse(OnnxModel.read(fused).model().tensors().isEmpty());
    JsonObject accuracy = CommandRun.of("evaluate", fused, "--data", data, "--json").json();
    assertTrue(accuracy.get("accuracy").getAsDouble() > 80, accuracy.toString());
  }
}
