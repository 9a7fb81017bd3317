package org.otfuse;

import java.util.Objects;

/**
 * How the neurons of a model are aligned with those of an anchor. Immutable; {@link #builder}
 * starts from the defaults, {@link #toBuilder} from these.
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
 */
public record AlignmentOptions(
    Metric metric,
    Solver solver,
    SinkhornSettings sinkhorn,
    MarginalKind marginals,
    InputMap inputMap,
    ResidualPolicy residuals,
    int sweeps,
    long seed) {
  /** The default options. */
  public static final AlignmentOptions DEFAULTS = builder().build();

  /** Checks the ranges. */
  public AlignmentOptions {
    Objects.requireNonNull(metric, "metric");
    Objects.requireNonNull(solver, "solver");
    Objects.requireNonNull(sinkhorn, "sinkhorn");
    Objects.requireNonNull(marginals, "marginals");
    Objects.requireNonNull(inputMap, "inputMap");
    Objects.requireNonNull(residuals, "residuals");
    if (sweeps < 0) {
      throw new InvalidInputException("sweeps is " + sweeps + ", expected 0 or above.");
    }
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
    return builder()
        .metric(metric)
        .solver(solver)
        .sinkhorn(sinkhorn)
        .marginals(marginals)
        .inputMap(inputMap)
        .residuals(residuals)
        .sweeps(sweeps)
        .seed(seed);
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
     * Checks and returns the options.
     *
     * @return the options
     * @throws InvalidInputException if a value is out of range
     */
    public AlignmentOptions build() {
      return new AlignmentOptions(
          metric, solver, sinkhorn, marginals, inputMap, residuals, sweeps, seed);
    }
  }
}
