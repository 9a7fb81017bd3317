package org.otfuse.cli;

import java.util.Optional;
import org.otfuse.FusionOptions;
import org.otfuse.InvalidInputException;
import org.otfuse.MarginalKind;
import org.otfuse.Metric;
import org.otfuse.ResidualPolicy;
import org.otfuse.SinkhornSettings;
import org.otfuse.Solver;

/**
 * How neurons are to be aligned.
 *
 * @param metric distance between features
 * @param marginals mass of the neurons
 * @param residuals how groups with several producers are coupled
 * @param solver how couplings are found; empty leaves it to the features
 * @param epsilon Sinkhorn's regularisation
 * @param tau penalty of Sinkhorn's marginals; empty holds them
 * @param annealing factor by which Sinkhorn's epsilon comes down from iteration to iteration; empty
 *     starts with the final one
 * @param sweeps of coordinate descent at most
 */
record AlignmentChoice(
    Metric metric,
    MarginalKind marginals,
    ResidualPolicy residuals,
    Optional<Solver> solver,
    double epsilon,
    Optional<Double> tau,
    Optional<Double> annealing,
    int sweeps) {
  /** Sinkhorn's regularisation where none is given. */
  static final double EPSILON = 0.02;

  /** What is done where nothing is given. */
  static final AlignmentChoice DEFAULTS =
      new AlignmentChoice(
          Metric.EUCLIDEAN,
          MarginalKind.UNIFORM,
          ResidualPolicy.JOINT,
          Optional.empty(),
          EPSILON,
          Optional.empty(),
          Optional.empty(),
          0);

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
    if (tau.isPresent()) {
      requireSinkhorn("--tau relaxes the marginals of Sinkhorn's couplings", chosen);
    }
    if (annealing.isPresent()) {
      requireSinkhorn("--annealing brings Sinkhorn's epsilon down", chosen);
    }
    return FusionOptions.builder()
        .metric(metric)
        .marginals(marginals)
        .residuals(residuals)
        .solver(chosen)
        .sinkhorn(
            SinkhornSettings.DEFAULTS
                .withEpsilon(epsilon)
                .withTau(tau.orElse(Double.POSITIVE_INFINITY))
                .withAnnealing(annealing.orElse(0.0)))
        .sweeps(sweeps);
  }

  private static void requireSinkhorn(String option, Solver chosen) {
    if (chosen != Solver.SINKHORN) {
      throw new InvalidInputException(
          "%s and the solver is %s, expected --solver sinkhorn."
              .formatted(option, Choice.label(chosen)));
    }
  }
}
