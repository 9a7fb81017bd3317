package org.otfuse.benchmarks;

/** Whether the way to the device and back is part of an operation. */
public enum Transfer {
  /** Inputs and results stay on the device. */
  RESIDENT,
  /** Inputs are uploaded and results downloaded in each operation. */
  INCLUDED
}
