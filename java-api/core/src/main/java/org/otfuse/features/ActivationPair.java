package org.otfuse.features;

import org.otfuse.Activations;

/** What two models compute on the same samples. */
public record ActivationPair(Activations model, Activations anchor) {}
