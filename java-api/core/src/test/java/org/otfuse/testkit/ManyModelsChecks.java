package org.otfuse.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.otfuse.testkit.FusionChecks.assertSameWeights;
import static org.otfuse.testkit.FusionChecks.mlp;
import static org.otfuse.testkit.FusionChecks.noisy;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.otfuse.Activations;
import org.otfuse.AlignedModel;
import org.otfuse.AlignmentOptions;
import org.otfuse.Anchor;
import org.otfuse.FusionAccumulator;
import org.otfuse.FusionListener;
import org.otfuse.FusionOptions;
import org.otfuse.FusionResult;
import org.otfuse.InvalidInputException;
import org.otfuse.Model;
import org.otfuse.ModelSource;
import org.otfuse.Solver;

/** Models that come one at a time, partial sums, and the choice of the anchor. */
interface ManyModelsChecks extends FusionChecks {
  private static List<Model> unequal() {
    return List.of(
        mlp(71, 10, 16, 8, 3),
        mlp(72, 10, 12, 9, 3),
        mlp(73, 10, 20, 8, 3),
        mlp(74, 10, 16, 16, 3));
  }

  private static FusionOptions onto(int anchor, double... weights) {
    return FusionOptions.builder().anchor(anchor).weights(weights).build();
  }

  private FusionResult stream(List<Model> models, FusionOptions options) {
    return engine().fuse(Streamed.of(models), options, FusionListener.none());
  }

  @Test
  default void streamedModelsFuseLikeModelsHeldAtOnce() {
    FusionOptions options = onto(1, 0.1, 0.2, 0.3, 0.4);
    FusionResult held = engine().fuse(unequal(), options);
    FusionResult streamed = stream(unequal(), options);
    assertSameWeights(held.model(), streamed.model(), SAME);
    assertEquals(
        held.groups().stream().map(g -> g.transport()).toList(),
        streamed.groups().stream().map(g -> g.transport()).toList());
  }

  @Test
  default void theOrderOfStreamedModelsChangesRoundingOnly() {
    List<Model> models = unequal();
    FusionResult first = stream(models, onto(1, 0.1, 0.2, 0.3, 0.4));
    FusionResult second =
        stream(
            List.of(models.get(3), models.get(0), models.get(2), models.get(1)),
            onto(3, 0.4, 0.1, 0.3, 0.2));
    assertSameWeights(first.model(), second.model(), SAME);
  }

  /** Counts what was loaded. */
  private static ModelSource counting(List<Model> models, List<Integer> loaded) {
    return new ModelSource() {
      @Override
      public int size() {
        return models.size();
      }

      @Override
      public Model model(int index) {
        loaded.add(index);
        return models.get(index);
      }

      @Override
      public Optional<Activations> activations(int index) {
        return Optional.empty();
      }
    };
  }

  @Test
  default void everyStreamedModelIsLoadedOnceTheAnchorFirst() {
    List<Integer> loaded = new ArrayList<>();
    List<String> steps = new ArrayList<>();
    engine()
        .fuse(
            counting(unequal(), loaded),
            onto(2),
            FusionListener.of((done, total) -> steps.add(done + " of " + total)));
    assertEquals(List.of(2, 0, 1, 3), loaded);
    assertEquals(List.of("1 of 4", "2 of 4", "3 of 4", "4 of 4"), steps);
  }

  @Test
  default void partialSumsThatAreMergedGiveWhatStreamingGives() {
    List<Model> models = unequal();
    double[] weights = {0.1, 0.2, 0.3, 0.4};
    FusionResult streamed = stream(models, onto(1, weights));
    Model anchor = models.get(1);
    List<FusionAccumulator> parts = new ArrayList<>();
    for (int k = 0; k < models.size(); k++) {
      FusionAccumulator part = FusionAccumulator.of(anchor);
      AlignedModel aligned = engine().align(models.get(k), anchor, AlignmentOptions.DEFAULTS);
      part.add(k == 1 ? anchor : aligned.model(), weights[k]);
      parts.add(part);
    }
    FusionAccumulator pair = FusionAccumulator.of(anchor);
    pair.merge(parts.get(3));
    pair.merge(parts.get(0));
    parts.get(2).merge(parts.get(1));
    parts.get(2).merge(pair);
    assertSameWeights(streamed.model(), parts.get(2).finish(), SAME);
  }

  @Test
  default void allWeightOnAStreamedAnchorGivesItBackBitForBit() {
    Model anchor = mlp(75, 10, 12, 9, 3);
    float[] special = {-0.0f, 0, Float.MIN_VALUE, -1e-40f, 1e-30f, 3e10f, -1.0000001f};
    for (int i = 0; i < special.length; i++) {
      anchor.tensors().get(0).put(i, special[i]);
    }
    List<Model> models = List.of(mlp(76, 10, 12, 9, 3), anchor, mlp(77, 10, 12, 9, 3));
    Model fused = stream(models, onto(1, 0, 1, 0)).model();
    for (int t = 0; t < anchor.tensors().size(); t++) {
      assertArrayEquals(bits(anchor.tensors().get(t)), bits(fused.tensors().get(t)));
    }
  }

  private static int[] bits(FloatBuffer tensor) {
    return IntStream.range(0, tensor.remaining())
        .map(i -> Float.floatToRawIntBits(tensor.get(i)))
        .toArray();
  }

  @Test
  default void theAutomaticAnchorIsTheModelAmidTheOthers() {
    Model centre = mlp(78, 16, 20, 12, 3);
    List<Model> models = new ArrayList<>();
    for (int k = 0; k < 4; k++) {
      models.add(permuted(noisy("copy-" + k, centre, 0.1, 80 + k), 90 + k));
    }
    models.add(2, permuted(centre, 99));
    for (Solver solver : List.of(Solver.EXACT, Solver.SINKHORN)) {
      FusionOptions options =
          FusionOptions.builder().solver(solver).sweeps(2).anchor(Anchor.automatic()).build();
      List<Integer> steps = new ArrayList<>();
      FusionResult result =
          engine()
              .fuse(
                  ModelSource.of(models),
                  options,
                  FusionListener.of((done, total) -> steps.add(total)));
      assertEquals(2, result.anchor());
      assertEquals(25, steps.size());
      assertEquals(List.of(25), steps.stream().distinct().toList());
      assertEquals(8, result.groups().size());
      assertEquals(2, stream(models, options).anchor());
      steps.clear();
      assertEquals(
          2,
          engine()
              .chooseAnchor(
                  ModelSource.of(models), options.alignment(), (done, total) -> steps.add(done)));
      assertEquals(IntStream.rangeClosed(1, 20).boxed().toList(), steps);
    }
  }

  @Test
  default void aWideModelIsNoAnchorForItsWidth() {
    Model centre = mlp(70, 16, 20, 14, 12, 3);
    Model wide = permuted(Widened.of(noisy("wide", centre, 0.1, 1), 4), 2);
    Model narrow = permuted(noisy("narrow", centre, 0.1, 3), 4);
    FusionOptions options = FusionOptions.builder().anchor(Anchor.automatic()).build();
    assertEquals(2, stream(List.of(wide, narrow, centre), options).anchor());
  }

  @Test
  default void aStreamedValueThatIsNotFiniteIsRefusedWithItsPlace() {
    Model anchor = mlp(79, 10, 12, 3);
    Model broken = noisy("broken", anchor, 0, 1);
    broken.tensors().get(3).put(1, Float.NaN);
    InvalidInputException e =
        assertThrows(
            InvalidInputException.class,
            () -> stream(List.of(anchor, broken), FusionOptions.DEFAULTS));
    assertEquals(
        "Tensor bias1 of model broken has NaN at index 1, expected finite numbers.",
        e.getMessage());
  }

  @Test
  default void activationsOfOnlySomeModelsAreRefused() {
    List<Model> models = List.of(mlp(68, 10, 12, 3), mlp(69, 10, 12, 3));
    ModelSource some =
        new ModelSource() {
          @Override
          public int size() {
            return 2;
          }

          @Override
          public Model model(int index) {
            return models.get(index);
          }

          @Override
          public Optional<Activations> activations(int index) {
            return index == 0
                ? Optional.of((group, producer) -> FloatBuffer.allocate(24))
                : Optional.empty();
          }
        };
    assertEquals(
        "Activations were given for only one of the models model-69 and model-68, expected both or"
            + " none.",
        assertThrows(
                InvalidInputException.class,
                () -> engine().fuse(some, FusionOptions.DEFAULTS, FusionListener.none()))
            .getMessage());
  }
}
