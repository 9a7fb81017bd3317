package org.otfuse.models.closedform;

import java.util.Locale;
import org.otfuse.InvalidInputException;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.Statistics;

/**
 * How models are merged and corrected: the choices of the command line and their defaults.
 *
 * @param merge how neurons are merged
 * @param correction what is done to the merged model
 */
public record Strategy(MergeKind merge, CorrectionKind correction) {
  /** What was measured to be best for what is at hand. */
  public static final Strategy AUTO = new Strategy(MergeKind.AUTO, CorrectionKind.AUTO);

  /**
   * Makes the choices.
   *
   * @param model the anchor
   * @param hasSamples whether there is calibration data
   * @return the same without AUTO
   * @throws InvalidInputException if what is asked for cannot be done
   */
  public Strategy resolve(OnnxModel model, boolean hasSamples) {
    boolean fits = correction == CorrectionKind.AUTO || correction == CorrectionKind.REFIT;
    MergeKind chosen =
        merge != MergeKind.AUTO
            ? merge
            : hasSamples && fits ? MergeKind.SELECT : MergeKind.TRANSPORT;
    if (chosen == MergeKind.SELECT && !hasSamples) {
      throw new InvalidInputException(
          "Merge select needs samples to run the models on, expected --calibration DATA.npz.");
    }
    if (chosen == MergeKind.SELECT && !fits) {
      throw new InvalidInputException(
          "Merge select sets weights by least squares, expected correction refit or auto but was"
              + " %s.".formatted(label(correction)));
    }
    CorrectionKind kind =
        correction != CorrectionKind.AUTO
            ? correction
            : hasSamples ? CorrectionKind.REFIT : CorrectionKind.NONE;
    return new Strategy(chosen, checked(kind, model, hasSamples));
  }

  /**
   * Makes the choices for averages of the same models with many weights, of which each is corrected
   * in a moment: transport, and by default reset with BatchNormalization and repair without.
   *
   * @param model the anchor
   * @param hasSamples whether there is calibration data
   * @return transport and anything but AUTO and REFIT
   * @throws InvalidInputException if what is asked for cannot be done
   */
  public Strategy resolveForManyWeights(OnnxModel model, boolean hasSamples) {
    if (merge == MergeKind.SELECT || correction == CorrectionKind.REFIT) {
      throw new InvalidInputException(
          "Merge select and correction refit take one vector of weights, and here many are tried;"
              + " expected merge transport with correction none, reset or repair.");
    }
    CorrectionKind kind =
        correction != CorrectionKind.AUTO
            ? correction
            : !hasSamples
                ? CorrectionKind.NONE
                : Statistics.hasNormalization(model) ? CorrectionKind.RESET : CorrectionKind.REPAIR;
    return new Strategy(MergeKind.TRANSPORT, checked(kind, model, hasSamples));
  }

  private static CorrectionKind checked(CorrectionKind kind, OnnxModel model, boolean hasSamples) {
    if (kind != CorrectionKind.NONE && !hasSamples) {
      throw new InvalidInputException(
          "Correction %s needs samples to run the models on, expected --calibration DATA.npz."
              .formatted(label(kind)));
    }
    if (kind == CorrectionKind.RESET && !Statistics.hasNormalization(model)) {
      throw new InvalidInputException(
          "Correction reset re-estimates BatchNormalization, of which %s has none, expected refit,"
                  .formatted(model.model().name())
              + " repair or none.");
    }
    return kind;
  }

  private static String label(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
