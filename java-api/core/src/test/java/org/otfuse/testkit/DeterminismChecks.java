package org.otfuse.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.otfuse.testkit.FusionChecks.mlp;
import static org.otfuse.testkit.FusionChecks.noisy;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.otfuse.FusionEngine;
import org.otfuse.FusionOptions;
import org.otfuse.FusionPlan;
import org.otfuse.FusionResult;
import org.otfuse.InvalidInputException;
import org.otfuse.MarginalKind;
import org.otfuse.Model;
import org.otfuse.Solver;

/** Whole fusions give the same bits whatever the run, the threads and the language of the user. */
interface DeterminismChecks extends FusionChecks {
  /** Another engine on the same back end with so many threads. */
  FusionEngine withThreads(int threads);

  private static List<FusionOptions> everyKind() {
    return List.of(
        FusionOptions.DEFAULTS,
        FusionOptions.builder().solver(Solver.SINKHORN).build(),
        FusionOptions.builder().marginals(MarginalKind.L2).build(),
        FusionOptions.builder().sweeps(2).build());
  }

  private static List<Model> pair() {
    return List.of(mlp(231, 40, 70, 33, 5), mlp(232, 40, 70, 33, 5));
  }

  /** The bits of the fused weights and all that is reported but the time. */
  private static List<Object> outcome(FusionResult result) {
    List<Object> outcome = new ArrayList<>(result.model().tensors());
    result.groups().forEach(group -> outcome.add(group.name() + group.transport()));
    return outcome;
  }

  private static List<List<Object>> outcomes(FusionEngine engine, List<Model> models) {
    return everyKind().stream().map(o -> outcome(engine.fuse(models, o))).toList();
  }

  @Test
  default void fusionsGiveTheSameBitsForAnyNumberOfThreadsAgainAndAgain() {
    List<List<Object>> expected = outcomes(engine(), pair());
    assertEquals(expected, outcomes(engine(), pair()));
    for (int threads = 1; threads <= 3; threads++) {
      try (FusionEngine other = withThreads(threads)) {
        assertEquals(expected, outcomes(other, pair()), threads + " threads");
      }
    }
  }

  @Test
  default void plansGiveTheSameBitsForAnyNumberOfThreadsAgainAndAgain() {
    for (FusionOptions options : everyKind()) {
      FloatBuffer expected = planned(engine(), options);
      assertEquals(expected, planned(engine(), options));
      for (int threads = 1; threads <= 3; threads++) {
        try (FusionEngine other = withThreads(threads)) {
          assertEquals(expected, planned(other, options), threads + " threads");
        }
      }
    }
  }

  private static FloatBuffer planned(FusionEngine engine, FusionOptions options) {
    List<Model> models = pair();
    try (FusionPlan plan = engine.prepare(models.get(0).architecture(), options)) {
      List<FloatBuffer> inputs = new ArrayList<>();
      for (Model model : models) {
        FloatBuffer flat = Arena.direct(plan.length());
        model.tensors().forEach(tensor -> flat.put(tensor.duplicate()));
        inputs.add(flat.rewind());
      }
      FloatBuffer output = Arena.direct(plan.length());
      plan.fuse(inputs, output);
      plan.fuse(inputs, output);
      return output;
    }
  }

  @Test
  default void aModelIsAlignedTheSameAloneAndAmongOthers() {
    List<Model> models = pair();
    for (FusionOptions options : everyKind()) {
      Model alone = engine().align(models.get(1), models.get(0), options.alignment()).model();
      FusionOptions all = options.toBuilder().weights(0, 1, 0).build();
      Model third = mlp(233, 40, 70, 33, 5);
      Model among = engine().fuse(List.of(models.get(0), models.get(1), third), all).model();
      assertEquals(alone.tensors(), among.tensors());
    }
  }

  @Test
  default void languagesOfUsersChangeNeitherBitsNorSentences() {
    Locale before = Locale.getDefault();
    List<List<Object>> expected = outcomes(engine(), pair());
    List<String> sentences = sentences();
    try {
      for (String language : List.of("tr-TR", "de-DE")) {
        Locale.setDefault(Locale.forLanguageTag(language));
        try (FusionEngine other = withThreads(2)) {
          assertEquals(expected, outcomes(other, pair()), language);
          assertEquals(engine().backend().version(), other.backend().version());
        }
        assertEquals(sentences, sentences(), language);
      }
    } finally {
      Locale.setDefault(before);
    }
  }

  /** What is said of a weight in a tensor of more than a thousand, of a width and of a sum. */
  private List<String> sentences() {
    Model good = pair().get(0);
    Model bad = noisy("bad", good, 0, 1);
    bad.tensors().get(0).put(2345, Float.NaN);
    Model other = mlp(234, 40, 70, 33, 6);
    List<Runnable> calls =
        List.of(
            () -> engine().fuse(List.of(good, bad), FusionOptions.DEFAULTS),
            () -> engine().fuse(List.of(good, other), FusionOptions.DEFAULTS),
            () -> engine().fuse(List.of(good), FusionOptions.DEFAULTS),
            () -> FusionOptions.builder().weights(0.5, 0.25).build());
    return calls.stream()
        .map(call -> assertThrows(InvalidInputException.class, call::run).getMessage())
        .toList();
  }
}
