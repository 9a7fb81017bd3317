/**
 * What {@link org.otfuse.models.OnnxFusion} runs: a request that is checked, models that are read
 * one at a time, alignment, weights, corrections and measurements.
 */
package org.otfuse.models.fusion;
