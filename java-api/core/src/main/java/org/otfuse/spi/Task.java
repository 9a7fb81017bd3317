package org.otfuse.spi;

import java.util.List;

/** One problem of a batch, told by what it reads and what it writes. */
public sealed interface Task
    permits FeatureTask, CostTask, SinkhornTask, ExactTask, MapTask, AverageTask {
  /**
   * What the task only reads.
   *
   * @return its runs, in no particular order
   */
  List<Span> reads();

  /**
   * What the task writes, even if it reads it before. A feature task writes some columns of the
   * matrix that it names here.
   *
   * @return its runs, in no particular order
   */
  List<Span> writes();
}
