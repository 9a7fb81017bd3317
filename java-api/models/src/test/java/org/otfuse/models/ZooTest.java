package org.otfuse.models;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.otfuse.NeuronGroup;
import org.otfuse.Producer;

/** Traces of trained networks as PyTorch exports them. */
public class ZooTest {
  public static Path zoo(String name) {
    try {
      return Path.of(ZooTest.class.getResource("/zoo/fashion-" + name + ".onnx").toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  private static List<NeuronGroup> groups(String name) {
    return OnnxModel.read(zoo(name)).model().architecture().groups();
  }

  @ParameterizedTest
  @ValueSource(strings = {"mlp-a", "vgg11-a", "resnet18-a", "resnet18-folded-a", "vit-a"})
  void permutingTheNeuronsKeepsTheFunction(String name) {
    Runtime.assertPermutationKeepsFunction(OnnxModel.read(zoo(name)));
  }

  @Test
  void anMlpHasOneGroupForEachHiddenLayer() {
    List<NeuronGroup> groups = groups("mlp-a");
    assertEquals(List.of(400, 200, 100, 10), groups.stream().map(NeuronGroup::size).toList());
    assertEquals(
        List.of("/fc.0/Gemm", "/fc.1/Gemm", "/fc.2/Gemm", "/fc.3/Gemm"),
        groups.stream().map(NeuronGroup::name).toList());
    assertEquals(
        List.of(Optional.empty(), Optional.empty(), Optional.empty(), Optional.of("graph output")),
        groups.stream().map(NeuronGroup::pinned).toList());
  }

  @Test
  void aPlainConvolutionalNetworkHasOneGroupForEachLayer() {
    List<NeuronGroup> groups = groups("vgg11-a");
    assertEquals(
        List.of(16, 32, 64, 64, 128, 128, 128, 128, 10),
        groups.stream().map(NeuronGroup::size).toList());
    assertEquals(
        List.of("/classifier/MatMul"),
        groups.stream().filter(g -> g.pinned().isPresent()).map(NeuronGroup::name).toList());
  }

  /** Four residual streams, the inside of each of eight blocks, and the classes. */
  @ParameterizedTest
  @ValueSource(strings = {"resnet18-a", "resnet18-folded-a"})
  void aResidualNetworkHasOneGroupForEachStreamAndEachBlock(String name) {
    List<NeuronGroup> groups = groups(name);
    assertEquals(
        List.of(8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64, 10),
        groups.stream().map(NeuronGroup::size).toList());
    assertEquals(
        List.of(
            List.of("/conv1/Conv", "/layers/layers.0/conv2/Conv", "/layers/layers.1/conv2/Conv"),
            stream(2),
            stream(4),
            stream(6)),
        groups.stream()
            .filter(g -> g.producers().size() > 1)
            .map(g -> g.producers().stream().map(Producer::node).toList())
            .toList());
    boolean normalized = name.equals("resnet18-a");
    for (NeuronGroup group : groups.subList(0, 12)) {
      for (Producer producer : group.producers()) {
        assertEquals(normalized, producer.normalization().isPresent(), producer.node());
        assertEquals(!normalized, producer.bias().isPresent(), producer.node());
      }
    }
  }

  private static List<String> stream(int block) {
    String layers = "/layers/layers.";
    return List.of(
        layers + block + "/conv2/Conv",
        layers + block + "/sc/sc.0/Conv",
        layers + (block + 1) + "/conv2/Conv");
  }

  /** One stream over embedding, attention outputs and second layers; heads keep their order. */
  @Test
  void aTransformerHasOneStreamAndMovableHiddenLayers() {
    List<NeuronGroup> free = groups("vit-a").stream().filter(g -> g.pinned().isEmpty()).toList();
    assertEquals(List.of(64, 128, 128, 128, 128), free.stream().map(NeuronGroup::size).toList());
    assertEquals(9, free.get(0).producers().size());
  }
}
