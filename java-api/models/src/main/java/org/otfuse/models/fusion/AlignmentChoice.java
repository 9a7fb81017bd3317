package org.otfuse.models.fusion;

import java.util.Locale;
import java.util.Optional;
import java.util.function.DoubleFunction;
import org.otfuse.FusionOptions;
import org.otfuse.InvalidInputException;
import org.otfuse.MarginalKind;
import org.otfuse.Metric;
import org.otfuse.ResidualPolicy;
import org.otfuse.SinkhornSettings;
import org.otfuse.Solver;
import org.otfuse.models.InvalidOptionException;
import org.otfuse.models.OnnxFusion;

/**
 * How neurons are to be aligned; what is empty was not asked for. An option that has no effect is
 * refused, because whoever gives it expects one.
 *
 * @param metric distance between features; else Euclidean
 * @param marginals mass of the neurons; else uniform
 * @param residuals how groups with several producers are coupled; else jointly
 * @param solver how couplings are found; else it is left to the features
 * @param epsilon Sinkhorn's regularisation; else {@link OnnxFusion#EPSILON}
 * @param tau penalty of Sinkhorn's marginals; else they are held
 * @param annealing factor by which Sinkhorn's epsilon comes down from iteration to iteration; else
 *     it starts with the final one
 * @param sweeps of coordinate descent at most; else none
 */
public record AlignmentChoice(
    Optional<Metric> metric,
    Optional<MarginalKind> marginals,
    Optional<ResidualPolicy> residuals,
    Optional<Solver> solver,
    Optional<Double> epsilon,
    Optional<Double> tau,
    Optional<Double> annealing,
    Optional<Integer> sweeps) {
  /** Checks the ranges. */
  public AlignmentChoice {
    epsilon.ifPresent(value -> setting("epsilon", SinkhornSettings.DEFAULTS::withEpsilon, value));
    tau.ifPresent(value -> setting("tau", SinkhornSettings.DEFAULTS::withTau, value));
    annealing.ifPresent(
        value -> setting("annealing", SinkhornSettings.DEFAULTS::withAnnealing, value));
    require(sweeps.orElse(0) >= 0, "{sweeps} is %s, expected 0 or above.", sweeps.orElse(0));
  }

  /** Lets the engine check a setting, whose refusal begins with the setting's name. */
  private static void setting(String name, DoubleFunction<SinkhornSettings> with, double value) {
    try {
      with.apply(value);
    } catch (InvalidInputException e) {
      throw new InvalidOptionException("{" + name + "}%s", e.getMessage().substring(name.length()));
    }
  }

  /** Whether any option of the alignment was given. */
  boolean isGiven() {
    return metric.isPresent()
        || marginals.isPresent()
        || residuals.isPresent()
        || solver.isPresent()
        || epsilon.isPresent()
        || tau.isPresent()
        || annealing.isPresent()
        || sweeps.orElse(0) > 0;
  }

  /** The same with another solver, if none was asked for. */
  AlignmentChoice orSolver(Solver otherwise) {
    return new AlignmentChoice(
        metric,
        marginals,
        residuals,
        Optional.of(solver.orElse(otherwise)),
        epsilon,
        tau,
        annealing,
        sweeps);
  }

  /** Options that have all of this, with a solver for the case that none was asked for. */
  FusionOptions.Builder options(Solver otherwise) {
    Solver chosen = solver.orElse(otherwise);
    requireSinkhorn(epsilon, "{epsilon} is Sinkhorn's regularisation", chosen);
    requireSinkhorn(tau, "{tau} relaxes the marginals of Sinkhorn's couplings", chosen);
    requireSinkhorn(annealing, "{annealing} brings Sinkhorn's epsilon down", chosen);
    requireCouplings(metric, "{metric} measures how far neurons are apart", chosen);
    requireCouplings(marginals, "{marginals} weighs the neurons of a coupling", chosen);
    requireCouplings(residuals, "{residuals} says how neurons are coupled", chosen);
    return FusionOptions.builder()
        .metric(metric.orElse(Metric.EUCLIDEAN))
        .marginals(marginals.orElse(MarginalKind.UNIFORM))
        .residuals(residuals.orElse(ResidualPolicy.JOINT))
        .solver(chosen)
        .sinkhorn(
            SinkhornSettings.DEFAULTS
                .withEpsilon(epsilon.orElse(OnnxFusion.EPSILON))
                .withTau(tau.orElse(Double.POSITIVE_INFINITY))
                .withAnnealing(annealing.orElse(0.0)))
        .sweeps(sweeps.orElse(0));
  }

  private static void requireSinkhorn(Optional<?> option, String sentence, Solver chosen) {
    require(
        option.isEmpty() || chosen == Solver.SINKHORN,
        sentence + " and the solver is %s, expected {solver} sinkhorn.",
        chosen.name().toLowerCase(Locale.ROOT));
  }

  /** Refuses an option about couplings where neurons stay in place. */
  static void requireCouplings(Optional<?> option, String sentence, Solver chosen) {
    require(
        option.isEmpty() || chosen != Solver.IDENTITY,
        sentence + " and the solver is identity, which couples none, expected exact or sinkhorn.");
  }

  private static void require(boolean holds, String sentence, Object... found) {
    if (!holds) {
      throw new InvalidOptionException(sentence, found);
    }
  }
}
