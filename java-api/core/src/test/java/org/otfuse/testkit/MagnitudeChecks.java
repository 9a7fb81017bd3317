package org.otfuse.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.otfuse.testkit.FusionChecks.mlp;
import static org.otfuse.testkit.FusionChecks.noisy;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.otfuse.Activations;
import org.otfuse.FusionListener;
import org.otfuse.FusionOptions;
import org.otfuse.FusionResult;
import org.otfuse.GroupReport;
import org.otfuse.InvalidInputException;
import org.otfuse.MarginalKind;
import org.otfuse.Metric;
import org.otfuse.Model;
import org.otfuse.ModelSource;
import org.otfuse.SinkhornSettings;
import org.otfuse.Solver;

/** Whole fusions of weights of every magnitude that float32 has. */
interface MagnitudeChecks extends FusionChecks {
  /** A power of two: what is multiplied by it keeps its digits. */
  int SHIFT = 90;

  /** What an entry of a soft plan may be off by, in shares of a neuron. */
  double PLAN_NOISE = 1e-3;

  private static double largest(double[] values) {
    return Arrays.stream(values).map(Math::abs).max().orElseThrow();
  }

  private static void assertReference(
      Model anchor, Model other, Model found, FusionOptions o, int tensors) {
    List<double[]> expected = MlpFusionReference.fuse(anchor, other, o);
    double tolerated =
        o.alignment().solver() == Solver.SINKHORN
            ? 4e-3
            : o.alignment().marginals() == MarginalKind.UNIFORM ? 2e-6 : 1e-4;
    for (int t = 0; t < tensors; t++) {
      float[] values = new float[found.tensors().get(t).remaining()];
      found.tensors().get(t).get(0, values);
      double noise =
          o.alignment().solver() == Solver.SINKHORN ? PLAN_NOISE * largest(expected.get(t)) : 0;
      new Tolerance(tolerated + noise, tolerated)
          .check(
              expected.get(t),
              values,
              "tensor %d, %s, %s, %s"
                  .formatted(
                      t,
                      o.alignment().metric(),
                      o.alignment().solver(),
                      o.alignment().marginals()));
    }
  }

  /** The neuron with the weight is as far from all others, so that it takes the place left. */
  private static void assertSameButOne(Model expected, Model found, float value) {
    int differing = 0;
    for (int t = 0; t < expected.tensors().size(); t++) {
      for (int k = 0; k < expected.tensors().get(t).remaining(); k++) {
        float e = expected.tensors().get(t).get(k);
        float f = found.tensors().get(t).get(k);
        if (!(Math.abs(e - f) <= SAME)) {
          differing++;
          assertEquals(2, t, "tensor with another value than " + e + " at " + k);
          assertEquals(value / 2, f, Math.max(4, 1e-6 * Math.abs(value)));
        }
      }
    }
    assertEquals(1, differing, "values that differ for " + value);
  }

  private static FusionOptions options(Metric metric, Solver solver, MarginalKind marginals) {
    return FusionOptions.builder().metric(metric).solver(solver).marginals(marginals).build();
  }

  /**
   * Where a neuron's weight gives it nearly all mass, the others' small masses go where costs
   * differ by less than float32 can say, so that only what the large masses decide is compared: the
   * rows that the neuron's group computes if the model has the weight, the group before it
   * otherwise.
   */
  @Test
  default void oneWeightOfAnyMagnitudeIsFusedAsTheReferenceDoes() {
    for (float value : new float[] {1e18f, 1e20f, -3e38f, 1e-30f}) {
      for (int changed = 0; changed < 2; changed++) {
        Model anchor = mlp(201, 12, 10, 8, 3);
        Model other = permuted(noisy("other", anchor, 0.05, 202), 203);
        List<Model> plain = List.of(noisy("anchor", anchor, 0, 1), noisy("other", other, 0, 1));
        (changed == 0 ? anchor : other).tensors().get(2).put(3 * 10 + 4, value);
        for (Metric metric : Metric.values()) {
          for (MarginalKind marginals :
              List.of(MarginalKind.UNIFORM, MarginalKind.L1, MarginalKind.L2)) {
            FusionOptions options = options(metric, Solver.EXACT, marginals);
            boolean tied = marginals != MarginalKind.UNIFORM && Math.abs(value) > 1;
            int tensors = tied ? 2 + 2 * changed : 6;
            Model fused = engine().fuse(List.of(anchor, other), options).model();
            if (marginals == MarginalKind.UNIFORM && metric != Metric.COSINE) {
              assertSameButOne(engine().fuse(plain, options).model(), fused, value);
            } else {
              assertReference(anchor, other, fused, options, tensors);
            }
          }
          FusionOptions options = options(metric, Solver.SINKHORN, MarginalKind.UNIFORM);
          Model fused = engine().fuse(List.of(anchor, other), options).model();
          assertReference(anchor, other, fused, options, 6);
        }
      }
    }
  }

  private static Model shifted(Model model, int exponent) {
    List<FloatBuffer> tensors = new ArrayList<>();
    for (FloatBuffer tensor : model.tensors()) {
      FloatBuffer values = FloatBuffer.allocate(tensor.remaining());
      for (int i = 0; i < values.capacity(); i++) {
        values.put(i, Math.scalb(tensor.get(i), exponent));
      }
      tensors.add(values);
    }
    return new Model(model.name(), model.architecture(), tensors);
  }

  private static double shifted(double cost, Metric metric, int exponent) {
    return switch (metric) {
      case EUCLIDEAN -> Math.scalb(cost, exponent);
      case SQEUCLIDEAN -> Math.scalb(cost, 2 * exponent);
      case COSINE -> cost;
    };
  }

  private static void assertSameBut(
      FusionResult expected, FusionResult found, Metric metric, int exponent, int weightExponent) {
    Model wanted = shifted(expected.model(), weightExponent);
    for (int t = 0; t < wanted.tensors().size(); t++) {
      assertEquals(wanted.tensors().get(t), found.model().tensors().get(t), metric + " " + t);
    }
    for (int g = 0; g < expected.groups().size(); g++) {
      GroupReport e = expected.groups().get(g);
      GroupReport f = found.groups().get(g);
      assertEquals(e.transport().iterations(), f.transport().iterations(), metric + " " + g);
      double cost =
          shifted(
              e.transport().transportCost(),
              e.solver().equals("descent") ? Metric.SQEUCLIDEAN : metric,
              exponent);
      assertEquals(cost, f.transport().transportCost(), 1e-6 * cost, metric + " " + g);
    }
  }

  @Test
  default void modelsTimesAPowerOfTwoFuseToTheFusionTimesIt() {
    Model a = mlp(204, 12, 20, 16, 3);
    Model b = mlp(205, 12, 20, 16, 3);
    for (int exponent : new int[] {SHIFT, -SHIFT}) {
      List<Model> models = List.of(shifted(a, exponent), shifted(b, exponent));
      for (Metric metric : Metric.values()) {
        for (int sweeps : new int[] {0, 2}) {
          FusionOptions options = FusionOptions.builder().metric(metric).sweeps(sweeps).build();
          FusionResult expected = engine().fuse(List.of(a, b), options);
          FusionResult found = engine().fuse(models, options);
          assertSameBut(expected, found, metric, exponent, exponent);
        }
      }
    }
  }

  /** Activations whose features are the rows of the hidden layers' weights. */
  private static Activations rows(Model model, int exponent) {
    Model shifted = shifted(model, exponent);
    return (group, producer) -> shifted.tensors().get(2 * group);
  }

  @Test
  default void activationsTimesAPowerOfTwoAlignAsWithoutIt() {
    Model a = mlp(206, 12, 20, 16, 3);
    Model b = mlp(207, 12, 20, 16, 3);
    for (Metric metric : Metric.values()) {
      for (Solver solver : List.of(Solver.EXACT, Solver.SINKHORN)) {
        FusionOptions.Builder options =
            FusionOptions.builder()
                .metric(metric)
                .solver(solver)
                .marginals(MarginalKind.ACTIVATION);
        FusionResult expected = fuse(a, b, 0, options.build());
        assertSameBut(expected, fuse(a, b, SHIFT, options.build()), metric, SHIFT, 0);
      }
    }
  }

  private FusionResult fuse(Model a, Model b, int exponent, FusionOptions options) {
    return engine()
        .fuse(
            ModelSource.of(List.of(a, b), List.of(rows(a, exponent), rows(b, exponent))),
            options,
            FusionListener.none());
  }

  @Test
  default void aRelaxedMarginalsPenaltyIsInUnitsOfTheModelsOwnCosts() {
    Model a = mlp(208, 12, 20, 16, 3);
    Model b = mlp(209, 12, 20, 16, 3);
    for (Metric metric : List.of(Metric.EUCLIDEAN, Metric.SQEUCLIDEAN)) {
      FusionOptions plain = unbalanced(metric, 0.5);
      FusionOptions scaled = unbalanced(metric, shifted(0.5, metric, SHIFT / 2));
      FusionResult expected = engine().fuse(List.of(a, b), plain);
      FusionResult found =
          engine().fuse(List.of(shifted(a, SHIFT / 2), shifted(b, SHIFT / 2)), scaled);
      assertSameBut(expected, found, metric, SHIFT / 2, SHIFT / 2);
    }
  }

  private static FusionOptions unbalanced(Metric metric, double tau) {
    return FusionOptions.builder()
        .metric(metric)
        .solver(Solver.SINKHORN)
        .sinkhorn(SinkhornSettings.DEFAULTS.withTau(tau))
        .build();
  }

  @Test
  default void anObserverHearsOfCostsInTheModelsOwnUnit() {
    Model a = mlp(210, 12, 20, 16, 3);
    Model b = mlp(211, 12, 20, 16, 3);
    List<Double> expected = identityCosts(a, b);
    List<Double> found = identityCosts(shifted(a, SHIFT), shifted(b, SHIFT));
    assertEquals(2, expected.size());
    for (int g = 0; g < 2; g++) {
      double cost = Math.scalb(expected.get(g), SHIFT);
      assertEquals(cost, found.get(g), 1e-6 * cost);
    }
  }

  private List<Double> identityCosts(Model a, Model b) {
    List<OptionalDouble> costs = new ArrayList<>();
    engine()
        .fuse(
            ModelSource.of(List.of(a, b)),
            FusionOptions.DEFAULTS,
            new CouplingListener((report, coupling) -> costs.add(coupling.identityCost())));
    return costs.stream().map(OptionalDouble::getAsDouble).toList();
  }

  @Test
  default void aResultBeyondFloatIsRefusedWithItsTensorAndTheModelThatCausesIt() {
    Model narrow = mlp(212, 10, 8, 3);
    Model wide = Widened.of(narrow, 2);
    FloatBuffer last = wide.tensors().get(2);
    for (int k = 0; k < last.remaining(); k++) {
      last.put(k, 3e38f);
    }
    FusionOptions options = FusionOptions.builder().anchor(1).weights(0.9, 0.1).build();
    InvalidInputException e =
        assertThrows(
            InvalidInputException.class, () -> engine().fuse(List.of(wide, narrow), options));
    assertEquals(
        "Tensor weight1 leaves the range of float32 at index 0 of the result, because model "
            + wide.name()
            + " has values of up to 3.0E38 in it.",
        e.getMessage());
  }
}
