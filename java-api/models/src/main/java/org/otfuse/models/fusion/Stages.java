package org.otfuse.models.fusion;

import org.otfuse.Progress;
import org.otfuse.models.OnnxFusionListener;

/**
 * The stages of a fusion, each a progress of its own.
 *
 * @param listener hears of all
 */
public record Stages(OnnxFusionListener listener) {
  /** A progress of the given name. */
  Progress stage(String name) {
    return (done, total) -> listener.step(name, done, total);
  }
}
