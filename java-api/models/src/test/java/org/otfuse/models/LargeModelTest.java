package org.otfuse.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.otfuse.models.GraphBuilder.ints;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.otfuse.NeuronGroup;

/** Deep and large models. */
@Tag("long")
class LargeModelTest {
  @TempDir Path folder;

  @Test
  void aChainOfTenThousandNodesIsTraced() {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.gemm(g.input("x", 0, 4), 4, 5);
    String start = x;
    for (int i = 0; i < 5000; i++) {
      x = g.node("Add", List.of(g.node("Relu", List.of(x)), start));
    }
    g.output(g.gemm(x, 5, 2), 0, 2);
    OnnxModel model = g.read();
    assertEquals(
        List.of(5, 2),
        model.model().architecture().groups().stream().map(NeuronGroup::size).toList());
    assertTrue(DifferenceTest.difference(model, model).isEmpty());
  }

  @Test
  void aWeightBehindTenThousandNodesIsFound() {
    GraphBuilder g = new GraphBuilder(17);
    String w = g.weight("w", 4, 5);
    for (int i = 0; i < 10000; i++) {
      w = g.node("Identity", List.of(w));
    }
    g.output(g.node("MatMul", List.of(g.input("x", 0, 4), w)), 0, 5);
    assertEquals(1, g.read().model().architecture().groups().size());
  }

  /** The layers of ResNet50: 25.5 million weights in bottleneck blocks. */
  private static GraphBuilder resNet50() {
    GraphBuilder g = new GraphBuilder(17);
    String x = layer(g, g.input("x", 0, 3, 64, 64), 3, 64, 7, 2);
    x =
        g.node(
            "MaxPool",
            List.of(g.relu(x)),
            "kernel_shape",
            ints(3, 3),
            "strides",
            ints(2, 2),
            "pads",
            ints(1, 1, 1, 1));
    int width = 64;
    int[] blocks = {3, 4, 6, 3};
    for (int stage = 0; stage < 4; stage++) {
      int inner = 64 << stage;
      for (int block = 0; block < blocks[stage]; block++) {
        int stride = block == 0 && stage > 0 ? 2 : 1;
        String a = g.relu(layer(g, x, width, inner, 1, 1));
        String b = g.relu(layer(g, a, inner, inner, 3, stride));
        String c = layer(g, b, inner, 4 * inner, 1, 1);
        String shortcut = block == 0 ? layer(g, x, width, 4 * inner, 1, stride) : x;
        x = g.relu(g.node("Add", List.of(c, shortcut)));
        width = 4 * inner;
      }
    }
    String pooled = g.node("Flatten", List.of(g.node("GlobalAveragePool", List.of(x))));
    g.output(g.gemm(pooled, 2048, 1000), 0, 1000);
    return g;
  }

  private static String layer(GraphBuilder g, String x, int from, int to, int kernel, int stride) {
    int n = g.graph().getNodeCount();
    int pad = kernel / 2;
    String conv =
        g.node(
            "Conv",
            List.of(x, g.weight("w" + n, to, from, kernel, kernel)),
            "strides",
            ints(stride, stride),
            "pads",
            ints(pad, pad, pad, pad));
    return g.node(
        "BatchNormalization",
        List.of(
            conv,
            g.positive("gamma" + n, to),
            g.weight("beta" + n, to),
            g.weight("mean" + n, to),
            g.positive("variance" + n, to)));
  }

  @Test
  void aLargeModelTakesLittleMoreMemoryThanItsWeights() throws IOException {
    Path file = folder.resolve("resnet50.onnx");
    Files.write(file, resNet50().proto().toByteArray());
    long size = Files.size(file);
    assertTrue(size > 100_000_000, "file of " + size);
    long before = used();
    OnnxModel model = OnnxModel.read(file);
    // A stream and the insides for each stage, and the classes: 1 + 4 + 2 * 16 + 1 in all.
    assertEquals(38, model.model().architecture().groups().size());
    long settled = used() - before;
    assertTrue(settled < 1.1 * size, "settled at " + settled + " for a file of " + size);
    OnnxModel other = OnnxModel.read(file);
    assertTrue(DifferenceTest.difference(model, other).isEmpty());
    model.write(folder.resolve("out.onnx"));
    assertEquals(size, Files.size(folder.resolve("out.onnx")), 4096);
    assertTrue(used() - before < 2.2 * size);
    assertEquals(other.model().tensors(), model.model().tensors());
  }

  @Test
  void twoLargeModelsFuseInAHeapOfFourTimesTheFile() throws Exception {
    fuseInAHeap(4, 2);
  }

  @Test
  void fourLargeModelsAreStreamedInTheHeapOfTwo() throws Exception {
    fuseInAHeap(5, 4);
  }

  private void fuseInAHeap(int files, int models) throws Exception {
    Path a = folder.resolve("a.onnx");
    Path b = folder.resolve("b.onnx");
    Files.write(a, resNet50().proto().toByteArray());
    Files.copy(a, b);
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + files * Files.size(a) / 1024 + "k",
                "-cp",
                System.getProperty("java.class.path"),
                FuseFiles.class.getName(),
                a.toString()));
    command.addAll(Collections.nCopies(models - 1, b.toString()));
    command.add(folder.resolve("fused.onnx").toString());
    Path log = folder.resolve("log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    assertEquals(0, process.waitFor(), Files.readString(log));
    assertEquals(Files.size(a), Files.size(folder.resolve("fused.onnx")), 4096);
  }

  private static long used() {
    System.gc();
    java.lang.Runtime runtime = java.lang.Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
