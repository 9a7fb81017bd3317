package org.otfuse.features;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.otfuse.Architecture;
import org.otfuse.InvalidInputException;
import org.otfuse.Model;
import org.otfuse.Producer;
import org.otfuse.TensorLayout;

class FoldedProducerTest {
  private static Model model(float[]... tensors) {
    List<FloatBuffer> buffers = Arrays.stream(tensors).map(FloatBuffer::wrap).toList();
    List<TensorLayout> layouts =
        IntStream.range(0, tensors.length)
            .mapToObj(t -> TensorLayout.plain("t" + t, List.of(tensors[t].length)))
            .toList();
    return new Model("model", new Architecture(layouts, List.of(), List.of()), buffers);
  }

  private static Producer producer(OptionalInt bias, Optional<Producer.Normalization> norm) {
    return new Producer("layer", 0, 0, 0, 0, bias, norm, 1, new Producer.Tap("y", 1, 0));
  }

  @Test
  void normalisationIsFoldedIntoScaleAndBias() {
    Model model =
        model(
            new float[] {0},
            new float[] {9, 1, 2}, // bias
            new float[] {9, 3, 4}, // gamma
            new float[] {9, 5, 6}, // beta
            new float[] {9, 7, 8}, // mean
            new float[] {9, 3.75f, 24.75f}); // variance
    FoldedProducer folded =
        FoldedProducer.of(
            model,
            producer(OptionalInt.of(1), Optional.of(new Producer.Normalization(2, 3, 4, 5, 0.25))),
            2);
    assertArrayEquals(new double[] {1.5, 0.8}, folded.scale().orElseThrow(), 1e-12);
    // (1 - 7) * 1.5 + 5 and (2 - 8) * 0.8 + 6
    assertArrayEquals(new double[] {-4, 1.2}, folded.bias().orElseThrow(), 1e-12);
  }

  private static void assertRefused(String message, float gamma, float mean, float variance) {
    Model model =
        model(
            new float[] {0},
            new float[] {9, 1, 2},
            new float[] {9, 3, gamma},
            new float[] {9, 5, 6},
            new float[] {9, 7, mean},
            new float[] {9, 3.75f, variance});
    Producer producer =
        producer(OptionalInt.of(1), Optional.of(new Producer.Normalization(2, 3, 4, 5, 0.25)));
    assertEquals(
        message,
        assertThrows(InvalidInputException.class, () -> FoldedProducer.of(model, producer, 2))
            .getMessage());
  }

  @Test
  void aNormalisationThatLeavesTheFloatsIsRefusedWithItsTensorAndPlace() {
    assertRefused(
        "Tensor t5 of model model has -1.0 at index 2, expected a variance above -0.25.", 4, 8, -1);
    assertRefused(
        "Tensor t5 of model model has -0.25 at index 2, expected a variance above -0.25.",
        4,
        8,
        -0.25f);
    assertRefused(
        "Tensor t2 of model model has 3.0E38 at index 2, which over the deviation of t5 leaves the"
            + " range of float32.",
        3e38f,
        8,
        0);
    assertRefused(
        "Tensor t4 of model model has -1.0E20 at index 2, with which the folded bias leaves the"
            + " range of float32.",
        1e20f,
        -1e20f,
        0);
  }

  @Test
  void aBiasAloneStaysAsItIs() {
    Model model = model(new float[] {0}, new float[] {9, 1, 2});
    FoldedProducer folded =
        FoldedProducer.of(model, producer(OptionalInt.of(1), Optional.empty()), 2);
    assertTrue(folded.scale().isEmpty());
    assertArrayEquals(new double[] {1, 2}, folded.bias().orElseThrow());
  }

  @Test
  void nothingIsFoldedWithoutBiasAndNormalisation() {
    FoldedProducer folded =
        FoldedProducer.of(
            model(new float[] {0}), producer(OptionalInt.empty(), Optional.empty()), 1);
    assertTrue(folded.scale().isEmpty() && folded.bias().isEmpty());
  }
}
