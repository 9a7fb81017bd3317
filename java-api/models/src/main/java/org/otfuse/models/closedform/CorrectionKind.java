package org.otfuse.models.closedform;

/** What is done to a merged model on calibration samples. */
public enum CorrectionKind {
  /** As {@link Strategy#AUTO} says. */
  AUTO,
  /** Nothing. */
  NONE,
  /** Running statistics of BatchNormalization are re-estimated. */
  RESET,
  /** What producers compute is scaled and shifted to the moments of the aligned models. */
  REPAIR,
  /** Every layer's weights are set by least squares. */
  REFIT
}
