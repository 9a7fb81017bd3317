package org.otfuse.models.closedform;

/** How the neurons of several models become those of one. */
public enum MergeKind {
  /** As {@link Strategy#AUTO} says. */
  AUTO,
  /** Neurons are aligned by optimal transport and averaged (Singh &amp; Jaggi 2020). */
  TRANSPORT,
  /** The neurons that explain most of all models are kept; needs {@link CorrectionKind#REFIT}. */
  SELECT
}
