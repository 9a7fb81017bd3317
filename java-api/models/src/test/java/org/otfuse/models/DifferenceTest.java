package org.otfuse.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Which models can be fused, and what is said of those that cannot. */
class DifferenceTest {
  private static OnnxModel mlp(int hidden, String activation, int classes) {
    GraphBuilder g = new GraphBuilder(17);
    String h = g.node(activation, List.of(g.gemm(g.input("x", 0, 6), 6, hidden)));
    g.output(g.gemm(h, hidden, classes), 0, classes);
    return g.read();
  }

  static Optional<String> difference(OnnxModel found, OnnxModel expected) {
    return found.model().architecture().difference(expected.model().architecture());
  }

  private static void assertDiffers(OnnxModel found, OnnxModel expected, String... parts) {
    Optional<String> difference = difference(found, expected);
    for (String part : parts) {
      assertTrue(difference.orElse("no difference").contains(part), difference.toString());
    }
  }

  @Test
  void otherWidthsAreNoDifference() {
    assertEquals(Optional.empty(), difference(mlp(5, "Relu", 3), mlp(9, "Relu", 3)));
  }

  @Test
  void theSameNetworkIsNoDifference() {
    OnnxModel model = OnnxModel.read(ZooTest.zoo("resnet18-a"));
    assertEquals(Optional.empty(), difference(model, model));
  }

  @Test
  void anotherOperatorIsNamed() {
    assertDiffers(mlp(5, "Tanh", 3), mlp(5, "Relu", 3), "Tanh1", "is Tanh, expected Relu");
  }

  @Test
  void anotherNumberOfOutputsIsNamed() {
    assertDiffers(mlp(5, "Relu", 4), mlp(5, "Relu", 3), "Gemm2", "has 4 neurons, expected 3");
  }

  @Test
  void anotherDepthIsNamed() {
    GraphBuilder g = new GraphBuilder(17);
    String h = g.relu(g.relu(g.gemm(g.input("x", 0, 6), 6, 5)));
    g.output(g.gemm(h, 5, 3), 0, 3);
    assertDiffers(g.read(), mlp(5, "Relu", 3), "node Relu2", "is Relu, expected Gemm");
    assertDiffers(mlp(5, "Relu", 3), g.read(), "node Gemm2", "is Gemm, expected Relu");
  }

  @Test
  void anotherAttributeIsNamed() {
    assertDiffers(leaky(0.5f), leaky(0.25f), "alpha of node LeakyRelu1 is 0.5, expected 0.25");
  }

  private static OnnxModel leaky(float alpha) {
    GraphBuilder g = new GraphBuilder(17);
    String h = g.node("LeakyRelu", List.of(g.gemm(g.input("x", 0, 6), 6, 5)), "alpha", alpha);
    g.output(g.gemm(h, 5, 3), 0, 3);
    return g.read();
  }

  @Test
  void anotherWiringIsNamed() {
    assertDiffers(
        skip(true),
        skip(false),
        "input 1 of node Add3",
        "the output of node Gemm0",
        "expected the output of node Relu1");
  }

  private static OnnxModel skip(boolean early) {
    GraphBuilder g = new GraphBuilder(17);
    String a = g.gemm(g.input("x", 0, 6), 6, 5);
    String b = g.relu(a);
    String c = g.gemm(b, 5, 5);
    g.output(g.gemm(g.node("Add", List.of(c, early ? a : b)), 5, 3), 0, 3);
    return g.read();
  }

  @Test
  void anotherInputIsNamed() {
    GraphBuilder g = new GraphBuilder(17);
    String h = g.relu(g.gemm(g.input("x", 0, 7), 7, 5));
    g.output(g.gemm(h, 5, 3), 0, 3);
    assertDiffers(g.read(), mlp(5, "Relu", 3), "input x", "[?, 7]", "[?, 6]");
  }

  @Test
  void anotherKernelIsNamedWithItsTensor() {
    assertDiffers(convolution(1), convolution(3), "tensor k", "[4, 2, 1, 1]", "[4, 2, 3, 3]");
  }

  private static OnnxModel convolution(int kernel) {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.input("x", 0, 2, 4, 4);
    String w = g.weight("k", 4, 2, kernel, kernel);
    String c = g.relu(g.node("Conv", List.of(x, w), "auto_pad", "SAME_UPPER"));
    g.output(g.node("GlobalAveragePool", List.of(g.conv(c, 4, 3))), 0, 3, 1, 1);
    return g.read();
  }
}
