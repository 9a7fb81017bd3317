package org.otfuse.cuda;

/** Work whose tasks are laid out and in place; may be enqueued, or captured, again and again. */
interface Work {
  /** Puts the work on the engine's stream. */
  void enqueue();
}
