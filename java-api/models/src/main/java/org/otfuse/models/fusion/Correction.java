package org.otfuse.models.fusion;

import java.util.List;
import java.util.Optional;
import org.otfuse.FusionListener;
import org.otfuse.models.Dataset;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.closedform.CorrectionKind;
import org.otfuse.models.statistics.Statistics;

/**
 * Corrects the statistics of averages of aligned models. Hears of the couplings before, if it needs
 * them. Not thread-safe.
 */
final class Correction {
  private final CorrectionKind mode;
  private final FusionInputs inputs;
  private final Stages stages;
  private final Optional<RepairGoals> goals;
  private double seconds;

  /**
   * Prepares a correction.
   *
   * @param mode NONE, RESET or REPAIR
   * @param inputs with calibration data, unless the mode is NONE
   */
  Correction(CorrectionKind mode, FusionInputs inputs, Stages stages) {
    this.mode = mode;
    this.inputs = inputs;
    this.stages = stages;
    this.goals =
        mode == CorrectionKind.REPAIR
            ? Optional.of(new RepairGoals(inputs, stages))
            : Optional.empty();
  }

  /** What is done. */
  CorrectionKind mode() {
    return mode;
  }

  /** Who has to hear of the couplings, together with somebody else. */
  FusionListener listener(FusionListener other) {
    return goals.isPresent() ? other.and(goals.get()) : other;
  }

  /** The average as it should be. */
  OnnxModel apply(OnnxModel average, List<Double> weights) {
    if (mode == CorrectionKind.NONE) {
      return average;
    }
    long start = System.nanoTime();
    double before = goals.map(RepairGoals::seconds).orElse(0.0);
    OnnxModel corrected =
        mode == CorrectionKind.RESET
            ? Statistics.reset(average, samples(), stages.stage("statistics"))
            : Statistics.repair(
                average, goals.orElseThrow().all(), weights, samples(), stages.stage("statistics"));
    double running = goals.map(RepairGoals::seconds).orElse(0.0) - before;
    seconds += (System.nanoTime() - start) / 1e9 - running;
    return corrected;
  }

  private Dataset samples() {
    return inputs.calibration().orElseThrow();
  }

  /** Time that it took so far, with that for what it needs of the models. */
  double seconds() {
    return seconds + goals.map(RepairGoals::seconds).orElse(0.0);
  }
}
