package org.otfuse.models.trace;

/** Follows the neurons through one kind of operator. */
@FunctionalInterface
interface Rule {
  /**
   * Sets the node's outputs and records which neurons index its weights. Checks everything before
   * it changes anything.
   *
   * @param node the node
   * @param trace what is known so far
   * @throws Untraceable if the rule does not cover the node; nothing was changed
   */
  void apply(OperatorNode node, Trace trace) throws Untraceable;
}
