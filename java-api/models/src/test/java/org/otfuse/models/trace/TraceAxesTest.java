package org.otfuse.models.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.otfuse.models.GraphBuilder.ints;
import static org.otfuse.models.trace.TraceChecks.axis;
import static org.otfuse.models.trace.TraceChecks.check;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.otfuse.Architecture;
import org.otfuse.NeuronGroup;
import org.otfuse.Producer;
import org.otfuse.TensorLayout.Segment;
import org.otfuse.models.GraphBuilder;
import org.otfuse.models.Runtime;

/** Traces through operators that rearrange axes: flattening, reshaping, stacking and cutting. */
class TraceAxesTest {
  @Test
  void flattenGivesEachChannelABlock() {
    GraphBuilder g = new GraphBuilder(17);
    String c = g.relu(g.conv(g.input("x", 0, 2, 4, 4), 2, 6));
    g.output(g.gemm(g.node("Flatten", List.of(c)), 96, 3), 0, 3);
    Architecture a = check(g, 6);
    assertEquals(List.of(new Segment(0, 16, 96)), axis(a, "w3", 1));
  }

  @Test
  void flattenOfChannelsLastRepeatsTheChannels() {
    GraphBuilder g = new GraphBuilder(17);
    String c = g.relu(g.conv(g.input("x", 0, 2, 2, 2), 2, 6));
    String last = g.node("Transpose", List.of(c), "perm", ints(0, 2, 3, 1));
    String flat = g.node("Reshape", List.of(last, g.integers("s", 0, -1)));
    g.output(g.gemm(flat, 24, 3), 0, 3);
    Architecture a = check(g, 6);
    Segment s = new Segment(0, 1, 6);
    assertEquals(List.of(s, s, s, s), axis(a, "w4", 1));
  }

  @Test
  void reshapeThatUndoesAFlattenKeepsTheNeurons() {
    GraphBuilder g = new GraphBuilder(17);
    String c = g.relu(g.conv(g.input("x", 0, 2, 4, 4), 2, 6));
    String flat = g.node("Reshape", List.of(c, g.integers("s", 0, -1)));
    String back = g.node("Reshape", List.of(flat, g.integers("t", -1, 6, 4, 4)));
    g.output(g.conv(back, 6, 2), 0, 2, 4, 4);
    check(g, 6);
  }

  @Test
  void reshapeThatSplitsTheNeuronsPinsThem() {
    GraphBuilder g = new GraphBuilder(17);
    String c = g.relu(g.conv(g.input("x", 0, 2, 4, 4), 2, 6));
    String five = g.node("Reshape", List.of(c, g.integers("s", 0, 2, 3, 4, 4)));
    String mixed = g.node("Transpose", List.of(five), "perm", ints(0, 2, 1, 3, 4));
    String back = g.node("Reshape", List.of(mixed, g.integers("t", 0, 6, 4, 4)));
    g.output(g.conv(g.relu(g.conv(back, 6, 5)), 5, 2), 0, 2, 4, 4);
    Architecture a = check(g, 5);
    assertTrue(a.groups().get(0).pinned().orElse("").contains("Reshape2"), a.groups().toString());
    assertTrue(a.warnings().get(0).contains("Reshape2"), a.warnings().toString());
  }

  @Test
  void concatStacksTheGroupsOfADenseBlock() {
    GraphBuilder g = new GraphBuilder(17);
    String a = g.relu(g.conv(g.input("x", 0, 2, 4, 4), 2, 4));
    String b = g.relu(g.conv(a, 4, 3));
    String ab = g.node("Concat", List.of(a, b), "axis", 1);
    String c = g.relu(g.conv(ab, 7, 5));
    String abc = g.node("Concat", List.of(ab, c), "axis", -3);
    g.output(g.conv(abc, 12, 2), 0, 2, 4, 4);
    Architecture architecture = check(g, 4, 3, 5);
    assertEquals(
        List.of(new Segment(0, 1, 4), new Segment(1, 1, 3), new Segment(2, 1, 5)),
        axis(architecture, "w8", 1));
  }

  @Test
  void addOfAConcatSplitsTheOtherLayersNeurons() {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.input("x", 0, 2, 4, 4);
    String ab = g.node("Concat", List.of(g.conv(x, 2, 4), g.conv(x, 2, 3)), "axis", 1);
    String sum = g.relu(g.node("Add", List.of(ab, g.conv(x, 2, 7))));
    g.output(g.conv(sum, 7, 2), 0, 2, 4, 4);
    Architecture a = check(g, 4, 3);
    Producer second = a.groups().get(1).producers().get(1);
    assertEquals("Conv3", second.node());
    assertEquals(4, second.firstRow());
    assertEquals(4, second.firstParameter());
    assertEquals(new Producer.Tap("conv3", 1, 4), second.tap());
  }

  @Test
  void splitAndSliceCutTheNeuronsApart() {
    GraphBuilder g = new GraphBuilder(17);
    String h = g.gemm(g.input("x", 0, 6), 6, 8);
    List<String> halves = g.nodes(2, "Split", List.of(h), "axis", 1);
    String gate = g.node("Sigmoid", List.of(halves.get(1)));
    String gated = g.node("Mul", List.of(halves.get(0), gate));
    String part =
        g.node(
            "Slice",
            List.of(gated, g.integers("from", 1), g.integers("to", 99), g.integers("ax", 1)));
    g.output(g.gemm(part, 3, 2), 0, 2);
    Architecture a = check(g, 1, 3);
    assertEquals(List.of(1, 3, 2), a.groups().stream().map(NeuronGroup::size).toList());
    assertEquals(2, a.groups().get(1).producers().size());
  }

  @Test
  void aClassTokenJoinsTheNeuronsOfItsSequence() {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.node("MatMul", List.of(g.input("x", 0, 4, 6), g.weight("w", 6, 5)));
    String batch =
        g.node(
            "Slice",
            List.of(g.node("Shape", List.of(x)), g.integers("from", 0), g.integers("to", 1)));
    String shape = g.node("Concat", List.of(batch, g.integers("r", 1, 5)), "axis", 0);
    String token = g.node("Expand", List.of(g.weight("token", 1, 1, 5), shape));
    String all = g.node("Concat", List.of(token, x), "axis", 1);
    String first = g.node("Gather", List.of(all, g.integer("i", 0)), "axis", 1);
    String mean = g.node("ReduceMean", List.of(all), "axes", ints(1), "keepdims", 0);
    g.output(g.gemm(g.node("Add", List.of(first, mean)), 5, 2), 0, 2);
    Architecture a = check(g, 5);
    assertEquals(List.of(new Segment(0, 1, 5)), axis(a, "token", 2));
  }

  @Test
  void exporterShapeArithmeticIsFolded() {
    GraphBuilder g = new GraphBuilder(17);
    String c = g.relu(g.conv(g.input("x", 0, 2, 4, 0), 2, 6));
    String shape = g.node("Shape", List.of(c));
    String batch = g.node("Gather", List.of(shape, g.integer("zero", 0)));
    String unsqueezed = g.node("Unsqueeze", List.of(batch, g.integers("axes", 0)));
    String rest = g.node("Slice", List.of(shape, g.integers("one", 1), g.integers("end", 2)));
    String minus = g.node("Sub", List.of(g.integers("six", 6), g.integers("seven", 7)));
    String target = g.node("Concat", List.of(unsqueezed, rest, minus), "axis", 0);
    String flat = g.node("Reshape", List.of(c, target));
    String tokens = g.node("Transpose", List.of(flat), "perm", ints(0, 2, 1));
    String out = g.node("MatMul", List.of(tokens, g.weight("w", 6, 2)));
    g.output(g.node("ReduceMean", List.of(out), "axes", ints(1), "keepdims", 0), 0, 2);
    GraphBuilder fixed = g;
    fixed.graph().setInput(0, GraphBuilder.value("x", 0, 2, 4, 4));
    check(fixed, 6);
  }

  /** Sums of random stacks of random layers: boundaries meet in every way. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
  void sumsOfRandomStacksKeepTheFunction(long seed) {
    Random random = new Random(seed);
    GraphBuilder g = new GraphBuilder(17);
    String x = g.input("x", 0, 2, 2, 2);
    int width = 12;
    List<String> layers = new ArrayList<>();
    String sum = g.conv(x, 2, width);
    for (int term = 0; term < 4; term++) {
      List<String> stack = new ArrayList<>();
      for (int left = width; left > 0; ) {
        int size = Math.min(left, 1 + random.nextInt(6));
        String old = size + "@";
        String reused =
            random.nextInt(3) == 0
                ? layers.stream().filter(l -> l.startsWith(old)).findFirst().orElse("")
                : "";
        String layer =
            random.nextInt(8) == 0
                ? g.node(
                    "Slice",
                    List.of(
                        g.node("Concat", List.of(x, x, x), "axis", 1),
                        g.integers("f" + g.graph().getNodeCount(), 0),
                        g.integers("t" + g.graph().getNodeCount(), size),
                        g.integers("a" + g.graph().getNodeCount(), 1)))
                : reused.isEmpty() ? g.conv(x, 2, size) : reused.substring(old.length());
        layers.add(old + layer);
        stack.add(layer);
        left -= size;
      }
      sum = g.node("Add", List.of(g.node("Concat", stack, "axis", 1), sum));
    }
    String last = g.node("Flatten", List.of(g.relu(sum)));
    String kept = g.relu(g.conv(x, 2, 3));
    String all = g.node("Concat", List.of(last, g.node("Flatten", List.of(kept))), "axis", 1);
    g.output(g.gemm(all, 15 * 4, 3), 0, 3);
    Runtime.assertPermutationKeepsFunction(g.read());
  }
}
