package org.otfuse.cli;

import org.otfuse.InvalidInputException;
import org.otfuse.models.OnnxFusionResult;

/**
 * What a fusion has to be like to be written.
 *
 * @param strict whether there may be no warning
 * @param minAligned the least share of hidden neurons that has to be aligned, 0 to 1
 * @param align whether neurons are to be aligned at all
 */
record FusionDemands(boolean strict, double minAligned, boolean align) {
  /** Checks the range. */
  FusionDemands {
    if (!(minAligned >= 0 && minAligned <= 1)) {
      throw new InvalidInputException(
          "--min-aligned is %s, expected a share of 0 to 1.".formatted(minAligned));
    }
  }

  /**
   * Refuses a fusion before anything is written.
   *
   * @return the fusion
   * @throws InvalidInputException if neurons were to be aligned and none can be
   * @throws RefusedException if it does not meet the demands
   */
  OnnxFusionResult check(OnnxFusionResult result) {
    FusionReport report = FusionReport.of(result);
    AlignedShare found = report.alignment();
    if (align && found.aligned() == 0) {
      throw new InvalidInputException(
          "No hidden neurons of the models can be aligned (%s), expected --solver identity to average"
                  .formatted(found.neurons() == 0 ? "they have none" : found.left().get(0).reason())
              + " them as they are.");
    }
    if (strict && !report.warnings().isEmpty()) {
      throw new RefusedException(
          "--strict allows no warning and there %s, nothing is written: %s"
              .formatted(count(report.warnings().size()), report.warnings().get(0)));
    }
    if (found.share() < minAligned) {
      throw new RefusedException(
          "%s of %d hidden neurons are aligned, a share of %.4f, expected --min-aligned %s; nothing is"
                  .formatted(found.aligned(), found.neurons(), found.share(), minAligned)
              + " written.");
    }
    return result;
  }

  private static String count(int warnings) {
    return warnings == 1 ? "is one" : "are %d, the first".formatted(warnings);
  }
}
