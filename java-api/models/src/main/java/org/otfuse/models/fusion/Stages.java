package org.otfuse.models.fusion;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.otfuse.FusionListener;
import org.otfuse.Progress;
import org.otfuse.models.OnnxFusionListener;

/**
 * The stages of a fusion, each a progress of its own.
 *
 * @param listeners hear of all, and each may stop it
 */
public record Stages(List<FusionListener> listeners) {
  /** Copies the list. */
  public Stages {
    listeners = List.copyOf(listeners);
  }

  /** A progress of the given name. */
  Progress stage(String name) {
    return new Progress() {
      @Override
      public void step(int done, int total) {
        for (FusionListener listener : listeners) {
          if (listener instanceof OnnxFusionListener hears) {
            hears.step(name, done, total);
          }
        }
      }

      @Override
      public boolean cancelled() {
        return listeners.stream().anyMatch(Progress::cancelled);
      }
    };
  }

  /** All listeners as one for an engine. */
  FusionListener couplings() {
    return listeners.stream().reduce(FusionListener.none(), FusionListener::and);
  }

  /** Tells of a file that was read. */
  void read(Path model, Set<Path> data) {
    for (FusionListener listener : listeners) {
      if (listener instanceof OnnxFusionListener hears) {
        hears.read(model, data);
      }
    }
  }
}
