package org.otfuse;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/**
 * How models are fused: how they are aligned, and how the aligned ones are averaged. Immutable;
 * {@link #builder} starts from the defaults, {@link #toBuilder} from these.
 *
 * @param alignment how neurons are aligned
 * @param weights one weight a model, finite, not negative, summing to 1 within 1e-6; empty for
 *     equal weights
 * @param anchor the model that the others are aligned to; default the first
 */
public record FusionOptions(AlignmentOptions alignment, List<Double> weights, Anchor anchor) {
  /** The default options. */
  public static final FusionOptions DEFAULTS = builder().build();

  private static final double SUM_TOLERANCE = 1e-6;

  /** Checks the ranges. */
  public FusionOptions {
    Objects.requireNonNull(alignment, "alignment");
    weights = List.copyOf(Objects.requireNonNull(weights, "weights"));
    if (Objects.requireNonNull(anchor, "anchor").isAutomatic()
        && alignment.solver() == Solver.IDENTITY) {
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

  /**
   * Starts from the defaults.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Starts from these options.
   *
   * @return a builder
   */
  public Builder toBuilder() {
    return builder().alignment(alignment).weights(weights).anchor(anchor);
  }

  /** Collects options; those of the alignment can be set here too. Not thread-safe. */
  public static final class Builder {
    private AlignmentOptions.Builder alignment = AlignmentOptions.builder();
    private List<Double> weights = List.of();
    private Anchor anchor = Anchor.index(0);

    private Builder() {}

    /**
     * Sets all options of the alignment.
     *
     * @param value how neurons are aligned
     * @return this
     */
    public Builder alignment(AlignmentOptions value) {
      alignment = value.toBuilder();
      return this;
    }

    /**
     * Sets the distance between features.
     *
     * @param value the metric
     * @return this
     */
    public Builder metric(Metric value) {
      alignment.metric(value);
      return this;
    }

    /**
     * Sets how couplings are found.
     *
     * @param value the solver
     * @return this
     */
    public Builder solver(Solver value) {
      alignment.solver(value);
      return this;
    }

    /**
     * Sets the Sinkhorn solver's settings.
     *
     * @param value epsilon and stopping rule
     * @return this
     */
    public Builder sinkhorn(SinkhornSettings value) {
      alignment.sinkhorn(value);
      return this;
    }

    /**
     * Sets the mass of the neurons.
     *
     * @param value the kind of marginal
     * @return this
     */
    public Builder marginals(MarginalKind value) {
      alignment.marginals(value);
      return this;
    }

    /**
     * Sets how a coupling moves input axes.
     *
     * @param value the rule
     * @return this
     */
    public Builder inputMap(InputMap value) {
      alignment.inputMap(value);
      return this;
    }

    /**
     * Sets how groups with several producers are coupled.
     *
     * @param value the policy
     * @return this
     */
    public Builder residuals(ResidualPolicy value) {
      alignment.residuals(value);
      return this;
    }

    /**
     * Sets the limit of coordinate descent.
     *
     * @param value sweeps at most; 0 for none
     * @return this
     */
    public Builder sweeps(int value) {
      alignment.sweeps(value);
      return this;
    }

    /**
     * Sets the seed of coordinate descent.
     *
     * @param value decides the order of the groups
     * @return this
     */
    public Builder seed(long value) {
      alignment.seed(value);
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
     * Sets the weights of the models.
     *
     * @param values one a model, in order; none for equal weights
     * @return this
     */
    public Builder weights(List<Double> values) {
      weights = List.copyOf(values);
      return this;
    }

    /**
     * Sets the model that the others are aligned to.
     *
     * @param index its index among the models
     * @return this
     * @throws InvalidInputException if the index is negative
     */
    public Builder anchor(int index) {
      return anchor(Anchor.index(index));
    }

    /**
     * Sets the model that the others are aligned to.
     *
     * @param value which one, or that the engine chooses
     * @return this
     */
    public Builder anchor(Anchor value) {
      anchor = value;
      return this;
    }

    /**
     * Checks and returns the options.
     *
     * @return the options
     * @throws InvalidInputException if a value is out of range
     */
    public FusionOptions build() {
      return new FusionOptions(alignment.build(), weights, anchor);
    }
  }
}
