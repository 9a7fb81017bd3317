package org.otfuse.models.trace;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.otfuse.models.GraphBuilder.ints;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.otfuse.models.GraphBuilder;
import org.otfuse.models.ZooTest;
import org.otfuse.models.file.Limits;
import org.otfuse.models.onnx.OnnxFile;
import org.otfuse.models.onnx.OnnxReader;

/** What networks need of what the reader allows. */
class LimitsTest {
  /** How many times the most that a network here needs is allowed. */
  private static final int ROOM = 50;

  @TempDir Path folder;

  @Test
  void networksNeedLessThanAFiftiethOfWhatIsAllowed() throws IOException {
    Map<String, OnnxFile> networks = new LinkedHashMap<>();
    for (String name : List.of("mlp-a", "vgg11-a", "resnet18-a", "resnet18-folded-a", "vit-a")) {
      networks.put(name, OnnxReader.read(ZooTest.zoo(name)));
    }
    networks.put("densenet201", save(denseNet201()));
    networks.put("resnext101", save(resNext101()));
    networks.put("chain", save(chain()));
    for (Map.Entry<String, OnnxFile> network : networks.entrySet()) {
      Trace trace = Tracer.trace(network.getValue());
      TracingBudget budget = trace.budget();
      GroupTable table = new GroupTable(trace.layers(), budget);
      trace.uses().forEach(table::layout);
      int rank =
          network.getValue().parameters().stream().mapToInt(p -> p.shape().size()).max().orElse(0);
      System.out.printf(
          "%s: %d nodes, %d steps, %d segments, %d integers, weights of %d axes%n",
          network.getKey(),
          network.getValue().skeleton().getGraph().getNodeCount(),
          budget.steps(),
          budget.segments(),
          budget.integers(),
          rank);
      assertTrue(ROOM * budget.steps() < Limits.STEPS, network.getKey());
      assertTrue(ROOM * budget.segments() < Limits.SEGMENTS, network.getKey());
      assertTrue(ROOM * budget.integers() < Limits.FOLDED, network.getKey());
      assertTrue(ROOM * rank < Limits.RANK, network.getKey());
    }
  }

  private OnnxFile save(GraphBuilder g) throws IOException {
    return OnnxReader.read(Files.write(folder.resolve("network.onnx"), g.proto().toByteArray()));
  }

  /** Every layer reads the concatenation of all before it in its block; a growth of 2, not 32. */
  private static GraphBuilder denseNet201() {
    GraphBuilder g = new GraphBuilder(17);
    int growth = 2;
    int width = 4;
    String x = g.conv(g.input("x", 0, 3, 32, 32), 3, width);
    for (int layers : new int[] {6, 12, 48, 32}) {
      List<String> features = new ArrayList<>(List.of(x));
      for (int layer = 0; layer < layers; layer++) {
        String all = features.size() == 1 ? x : g.node("Concat", List.copyOf(features), "axis", 1);
        String inner = normalizedConv(g, all, width + layer * growth, 4 * growth, 1, 1);
        features.add(normalizedConv(g, inner, 4 * growth, growth, 3, 1));
      }
      width += layers * growth;
      String all = g.node("Concat", List.copyOf(features), "axis", 1);
      x = normalizedConv(g, all, width, width / 2, 1, 1);
      width /= 2;
    }
    String pooled = g.node("Flatten", List.of(g.node("GlobalAveragePool", List.of(x))));
    g.output(g.gemm(pooled, width, 10), 0, 10);
    return g;
  }

  private static String normalizedConv(
      GraphBuilder g, String x, int from, int to, int kernel, int groups) {
    String relu = g.relu(normalized(g, x, from));
    String w = g.weight("w" + g.graph().getNodeCount(), to, from / groups, kernel, kernel);
    int pad = kernel / 2;
    return g.node("Conv", List.of(relu, w), "group", groups, "pads", ints(pad, pad, pad, pad));
  }

  private static String normalized(GraphBuilder g, String x, int width) {
    int n = g.graph().getNodeCount();
    return g.node(
        "BatchNormalization",
        List.of(
            x,
            g.positive("gamma" + n, width),
            g.weight("beta" + n, width),
            g.weight("mean" + n, width),
            g.positive("variance" + n, width)));
  }

  /** Thirty-three blocks of 32 groups each. */
  private static GraphBuilder resNext101() {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.conv(g.input("x", 0, 3, 32, 32), 3, 64);
    for (int block = 0; block < 33; block++) {
      String inner = normalizedConv(g, normalizedConv(g, x, 64, 64, 1, 1), 64, 64, 3, 32);
      x = g.node("Add", List.of(x, normalizedConv(g, inner, 64, 64, 1, 1)));
    }
    String pooled = g.node("Flatten", List.of(g.node("GlobalAveragePool", List.of(x))));
    g.output(g.gemm(pooled, 64, 10), 0, 10);
    return g;
  }

  private static GraphBuilder chain() {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.gemm(g.input("x", 0, 4), 4, 5);
    String start = x;
    for (int i = 0; i < 5000; i++) {
      x = g.node("Add", List.of(g.relu(x), start));
    }
    g.output(g.gemm(x, 5, 2), 0, 2);
    return g;
  }
}
