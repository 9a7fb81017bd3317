package org.otfuse.spi;

import java.nio.FloatBuffer;
import java.util.List;

/** A program that a back end has made ready to run. Used by one thread at a time. */
public interface CompiledFusion extends AutoCloseable {
  /**
   * Runs the program, or refuses values that the fast path is not made for: a weight that is not
   * finite, or features so large or small that their squares might leave float's range. The caller
   * then takes the general path, which says what is wrong or computes it.
   *
   * @param models one direct buffer a model in native byte order, with the program's length
   *     remaining; positions are not moved
   * @param output direct, written from its position on; must not overlap any model
   * @return whether the program ran; if not, nothing is promised of the output
   * @throws IllegalArgumentException if the number of models, or a buffer's kind, order or length
   *     is not what it has to be, or the output overlaps a model; models may overlap
   */
  boolean run(List<FloatBuffer> models, FloatBuffer output);

  @Override
  void close();
}
