package org.otfuse.models.fusion;

import java.nio.file.Path;
import org.otfuse.models.OnnxModel;

/** One of the models of a fusion: in a file, to be read when it is needed, or in memory. */
public sealed interface Parent {
  /** A model in a file. */
  record Stored(Path path) implements Parent {}

  /** A model in memory. */
  record Held(OnnxModel model) implements Parent {}
}
