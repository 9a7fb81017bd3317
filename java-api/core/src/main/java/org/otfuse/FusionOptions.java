package org.otfuse;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/**
 * How models are fused. Immutable; {@link #builder} starts from the defaults.
 *
 * @param metric distance between features; default Euclidean
 * @param solver how couplings are found; default exact
 * @param sinkhorn settings of the Sinkhorn solver
 * @param marginals mass of the neurons; default uniform
 * @param inputMap how a coupling moves input axes; default rows that sum to one
 * @param residuals how groups with several producers are coupled; default jointly
 * @param sweeps at most so many sweeps of coordinate descent over the groups after the first
 *     alignment (Ainsworth et al. 2023, algorithm 1), each giving hard maps to groups of equal
 *     widths; default 0
 * @param seed of the order in which a sweep visits the groups; default 0
 * @param weights one weight a model, finite, not negative, summing to 1 within 1e-6; empty for
 *     equal weights
 * @param anchor index of the model that the others are aligned to, or {@link #ANCHOR_AUTO}; default
 *     0
 */
public record FusionOptions(
    Metric metric,
    Solver solver,
    SinkhornSettings sinkhorn,
    MarginalKind marginals,
    InputMap inputMap,
    ResidualPolicy residuals,
    int sweeps,
    long seed,
    List<Double> weights,
    int anchor) {
  /**
   * The anchor is the model with the least transport cost to all others, the first of several.
   * Costs are relative to the mean cost between the neurons of a group, because those of wide
   * anchors are smaller, and summed over groups. Every model is tried: K(K-1) more alignments of K
   * models.
   */
  public static final int ANCHOR_AUTO = -1;

  /** The default options. */
  public static final FusionOptions DEFAULTS = builder().build();

  static final double SUM_TOLERANCE = 1e-6;

  /** Checks the ranges. */
  public FusionOptions {
    Objects.requireNonNull(metric, "metric");
    Objects.requireNonNull(solver, "solver");
    Objects.requireNonNull(sinkhorn, "sinkhorn");
    Objects.requireNonNull(marginals, "marginals");
    Objects.requireNonNull(inputMap, "inputMap");
    Objects.requireNonNull(residuals, "residuals");
    weights = List.copyOf(Objects.requireNonNull(weights, "weights"));
    if (sweeps < 0) {
      throw new InvalidInputException("sweeps is " + sweeps + ", expected 0 or above.");
    }
    if (anchor < ANCHOR_AUTO) {
      throw new InvalidInputException("anchor is " + anchor + ", expected 0 or above.");
    }
    if (anchor == ANCHOR_AUTO && solver == Solver.IDENTITY) {
      throw new InvalidInputException(
          "The automatic anchor compares transport costs, which solver identity does not compute,"
              + " expected exact or sinkhorn.");
    }
    checkWeights(weights);
  }

  /** Refuses weights that are not finite, are negative or do not sum to 1; none are accepted. */
  static void checkWeights(List<Double> weights) {
    double sum = 0;
    for (int k = 0; k < weights.size(); k++) {
      double weight = weights.get(k);
      if (!(weight >= 0 && weight < Double.POSITIVE_INFINITY)) {
        throw new InvalidInputException(
            "weight %d is %s, expected a finite number that is not negative."
                .formatted(k + 1, weight));
      }
      sum += weight;
    }
    if (!weights.isEmpty() && Math.abs(sum - 1) > SUM_TOLERANCE) {
      throw new InvalidInputException(
          "The weights %s sum to %s, expected 1 within %s."
              .formatted(weights, (float) sum, SUM_TOLERANCE));
    }
  }

  /**
   * The weights for a number of models.
   *
   * @param models how many models are fused
   * @return one weight a model, equal ones if none were given
   * @throws InvalidInputException if another number of weights was given
   */
  public List<Double> weightsFor(int models) {
    if (weights.isEmpty()) {
      return Collections.nCopies(models, 1.0 / models);
    }
    if (weights.size() != models) {
      throw new InvalidInputException(
          "%d weights were given for %d models, expected one for each."
              .formatted(weights.size(), models));
    }
    return weights;
  }

  /** The same without coordinate descent. */
  public FusionOptions withoutSweeps() {
    return new FusionOptions(
        metric, solver, sinkhorn, marginals, inputMap, residuals, 0, seed, weights, anchor);
  }

  /**
   * The same with another anchor.
   *
   * @param index the anchor's index, or {@link #ANCHOR_AUTO}
   * @return the changed options
   */
  public FusionOptions withAnchor(int index) {
    return new FusionOptions(
        metric, solver, sinkhorn, marginals, inputMap, residuals, sweeps, seed, weights, index);
  }

  /**
   * Starts from the defaults.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /** Collects options; not thread-safe. */
  public static final class Builder {
    private Metric metric = Metric.EUCLIDEAN;
    private Solver solver = Solver.EXACT;
    private SinkhornSettings sinkhorn = SinkhornSettings.DEFAULTS;
    private MarginalKind marginals = MarginalKind.UNIFORM;
    private InputMap inputMap = InputMap.ROW;
    private ResidualPolicy residuals = ResidualPolicy.JOINT;
    private int sweeps;
    private long seed;
    private List<Double> weights = List.of();
    private int anchor;

    private Builder() {}

    /**
     * Sets the distance between features.
     *
     * @param value the metric
     * @return this
     */
    public Builder metric(Metric value) {
      metric = value;
      return this;
    }

    /**
     * Sets how couplings are found.
     *
     * @param value the solver
     * @return this
     */
    public Builder solver(Solver value) {
      solver = value;
      return this;
    }

    /**
     * Sets the Sinkhorn solver's settings.
     *
     * @param value epsilon and stopping rule
     * @return this
     */
    public Builder sinkhorn(SinkhornSettings value) {
      sinkhorn = value;
      return this;
    }

    /**
     * Sets the mass of the neurons.
     *
     * @param value the kind of marginal
     * @return this
     */
    public Builder marginals(MarginalKind value) {
      marginals = value;
      return this;
    }

    /**
     * Sets how a coupling moves input axes.
     *
     * @param value the rule
     * @return this
     */
    public Builder inputMap(InputMap value) {
      inputMap = value;
      return this;
    }

    /**
     * Sets how groups with several producers are coupled.
     *
     * @param value the policy
     * @return this
     */
    public Builder residuals(ResidualPolicy value) {
      residuals = value;
      return this;
    }

    /**
     * Sets the limit of coordinate descent.
     *
     * @param value sweeps at most; 0 for none
     * @return this
     */
    public Builder sweeps(int value) {
      sweeps = value;
      return this;
    }

    /**
     * Sets the seed of coordinate descent.
     *
     * @param value decides the order of the groups
     * @return this
     */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /**
     * Sets the weights of the models.
     *
     * @param values one a model, in order; none for equal weights
     * @return this
     */
    public Builder weights(double... values) {
      weights = Arrays.stream(values).boxed().toList();
      return this;
    }

    /**
     * Sets the model that the others are aligned to.
     *
     * @param index its index among the models, or {@link #ANCHOR_AUTO}
     * @return this
     */
    public Builder anchor(int index) {
      anchor = index;
      return this;
    }

    /**
     * Checks and returns the options.
     *
     * @return the options
     * @throws InvalidInputException if a value is out of range
     */
    public FusionOptions build() {
      return new FusionOptions(
          metric, solver, sinkhorn, marginals, inputMap, residuals, sweeps, seed, weights, anchor);
    }
  }
}
