package org.otfuse.models;

import java.nio.file.Path;
import java.util.Set;
import org.otfuse.FusionListener;

/**
 * Hears how far a fusion of files has come, stage by stage, what it reads and how neurons were
 * coupled, and may stop it. Every method is called on the thread that fuses and does nothing unless
 * overridden.
 */
public interface OnnxFusionListener extends FusionListener {
  /**
   * Called after each step of a stage.
   *
   * @param stage what is done, in words, as in "fusing"
   * @param done steps done so far, from 1 to {@code total}
   * @param total steps in all
   */
  default void step(String stage, int done, int total) {}

  /**
   * Called each time that a model file has been read, before anything is written.
   *
   * @param model the file
   * @param data the files beside it that hold some of its weights (external data)
   */
  default void read(Path model, Set<Path> data) {}
}
