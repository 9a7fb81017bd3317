package org.otfuse.models.closedform;

import java.util.Locale;
import org.otfuse.Architecture;
import org.otfuse.InvalidInputException;
import org.otfuse.models.InvalidOptionException;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.statistics.Statistics;

/**
 * How models are merged and corrected: the choices of {@link org.otfuse.models.OnnxFusion}.
 *
 * @param merge how neurons are merged
 * @param correction what is done to the merged model
 */
public record Strategy(MergeKind merge, CorrectionKind correction) {
  /**
   * What was measured to be best: with samples select and refit, but transport with reset or repair
   * where layers read neurons that must stay in place, as in attention; without samples transport
   * alone.
   */
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
    boolean moves = hasSamples && readNeuronsMove(model.model().architecture());
    MergeKind chosen =
        merge != MergeKind.AUTO ? merge : moves && fits ? MergeKind.SELECT : MergeKind.TRANSPORT;
    if (chosen == MergeKind.SELECT && !hasSamples) {
      throw new InvalidOptionException(
          "Merge select needs samples to run the models on, expected {calibration data}.");
    }
    if (chosen == MergeKind.SELECT && !fits) {
      throw new InvalidInputException(
          "Merge select sets weights by least squares, expected correction refit or auto but was"
              + " %s.".formatted(label(correction)));
    }
    boolean refits = chosen == MergeKind.SELECT || moves;
    CorrectionKind kind =
        correction != CorrectionKind.AUTO
            ? correction
            : refits ? CorrectionKind.REFIT : statistics(model, hasSamples);
    return new Strategy(chosen, checked(kind, model, hasSamples));
  }

  /** Whether all neurons that layers read may move, as in networks without attention. */
  private static boolean readNeuronsMove(Architecture architecture) {
    return Selection.read(architecture).stream()
        .allMatch(group -> architecture.groups().get(group).pinned().isEmpty());
  }

  private static CorrectionKind statistics(OnnxModel model, boolean hasSamples) {
    if (!hasSamples) {
      return CorrectionKind.NONE;
    }
    return Statistics.hasNormalization(model) ? CorrectionKind.RESET : CorrectionKind.REPAIR;
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
        correction != CorrectionKind.AUTO ? correction : statistics(model, hasSamples);
    return new Strategy(MergeKind.TRANSPORT, checked(kind, model, hasSamples));
  }

  private static CorrectionKind checked(CorrectionKind kind, OnnxModel model, boolean hasSamples) {
    if (kind != CorrectionKind.NONE && !hasSamples) {
      throw new InvalidOptionException(
          "Correction %s needs samples to run the model on, expected {calibration data}.",
          label(kind));
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
