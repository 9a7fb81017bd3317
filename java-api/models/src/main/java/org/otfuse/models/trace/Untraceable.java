package org.otfuse.models.trace;

import org.otfuse.models.file.Excerpt;

/** A rule's way to say that it does not know what a node does; its neurons are then pinned. */
public final class Untraceable extends Exception {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the signal, without a stack trace.
   *
   * @param what what the rule met, to follow "because"
   */
  Untraceable(String what) {
    super(Excerpt.of(what), null, false, false);
  }
}
