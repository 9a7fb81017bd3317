package org.otfuse.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.otfuse.Architecture;
import org.otfuse.BackendChoice;
import org.otfuse.FusionEngine;
import org.otfuse.FusionOptions;
import org.otfuse.FusionResult;
import org.otfuse.InvalidInputException;
import org.otfuse.MarginalKind;
import org.otfuse.Metric;
import org.otfuse.Model;
import org.otfuse.Solver;

/**
 * A back end against plain Java on models some of whose weights are any 32 bits: both refuse in the
 * same words, or both find couplings of the same cost. Random from a seed that failures name;
 * {@code -Dotfuse.agreement=N} runs so many rounds with other seeds. Joined by a subclass of one
 * line.
 */
public abstract class AgreementSuite {
  private static final Architecture ARCHITECTURE = Mlp.architecture(5, 9, 7, 3);
  private static final int ROUNDS = 400;

  private final BackendChoice choice;

  /** Runs the suite on the given back end. */
  protected AgreementSuite(BackendChoice choice) {
    this.choice = choice;
  }

  /** What came of a fusion: the cost of the first group's couplings, or the refusal. */
  private record Outcome(List<Double> costs, String refusal) {
    static Outcome of(FusionEngine engine, List<Model> models, FusionOptions options) {
      try {
        FusionResult result = engine.fuse(models, options);
        for (FloatBuffer tensor : result.model().tensors()) {
          for (int i = 0; i < tensor.remaining(); i++) {
            assertTrue(Float.isFinite(tensor.get(i)), "a fused weight is " + tensor.get(i));
          }
        }
        String first = ARCHITECTURE.groups().get(0).name();
        return new Outcome(
            result.groups().stream()
                .filter(group -> group.name().equals(first))
                .map(group -> group.transport().transportCost())
                .toList(),
            "");
      } catch (InvalidInputException e) {
        return new Outcome(List.of(), e.getMessage());
      }
    }
  }

  @Test
  void modelsOfAnyBitsAreCoupledAsByPlainJavaOrRefusedInTheSameWords() {
    int rounds = Integer.getInteger("otfuse.agreement", 0);
    long first = rounds == 0 ? 1 : System.nanoTime();
    int refused = 0;
    try (FusionEngine java = FusionEngine.open(BackendChoice.JAVA);
        FusionEngine other = FusionEngine.open(choice)) {
      for (int round = 0; round < (rounds == 0 ? ROUNDS : rounds); round++) {
        Random random = new Random(first + round);
        List<Model> models = models(random);
        FusionOptions options = options(random);
        Outcome expected = Outcome.of(java, models, options);
        Outcome found = Outcome.of(other, models, options);
        String where = "seed " + (first + round) + ", " + options;
        assertEquals(expected.refusal, found.refusal, where);
        assertEquals(expected.costs.size(), found.costs.size(), where);
        for (int k = 0; k < expected.costs.size(); k++) {
          double cost = expected.costs.get(k);
          assertEquals(cost, found.costs.get(k), 1e-4 * Math.abs(cost) + 1e-30, where);
        }
        refused += expected.refusal.isEmpty() ? 0 : 1;
      }
    }
    assertTrue(refused > 0, "no model was refused");
  }

  private static List<Model> models(Random random) {
    List<Model> models = new ArrayList<>();
    for (int k = 0; k < 3; k++) {
      Model model = Mlp.random("model " + k, ARCHITECTURE, random.nextLong());
      for (int i = random.nextInt(3); i > 0; i--) {
        FloatBuffer tensor = model.tensors().get(random.nextInt(model.tensors().size()));
        tensor.put(random.nextInt(tensor.remaining()), Float.intBitsToFloat(random.nextInt()));
      }
      models.add(model);
    }
    return models;
  }

  private static FusionOptions options(Random random) {
    return FusionOptions.builder()
        .solver(Solver.EXACT)
        .metric(Metric.values()[random.nextInt(Metric.values().length)])
        .marginals(
            random.nextBoolean() ? MarginalKind.UNIFORM : MarginalKind.values()[random.nextInt(3)])
        .build();
  }
}
