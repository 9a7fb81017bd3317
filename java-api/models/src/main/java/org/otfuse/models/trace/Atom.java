package org.otfuse.models.trace;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Neurons that have to move together as far as the trace has come: a neuron group to be. Atoms form
 * a union-find forest with one more move: an atom can be split into consecutive parts, which
 * replace it wherever it is used. What is left at the end, the leaves, are the neuron groups.
 */
public final class Atom {
  private final int size;
  private final TracingBudget budget;
  private Atom alias;
  private List<Atom> parts = List.of();
  private Optional<String> pinned = Optional.empty();

  /**
   * Creates an atom of its own.
   *
   * @param size the number of neurons
   * @param budget what looking at axes of these neurons is counted in
   */
  Atom(int size, TracingBudget budget) {
    this.size = size;
    this.budget = budget;
  }

  TracingBudget budget() {
    return budget;
  }

  int size() {
    return size;
  }

  /** Whether this is neither merged into another atom nor split. */
  boolean isLeaf() {
    return alias == null && parts.isEmpty();
  }

  /** Why the neurons must stay where they are; only a leaf knows. */
  Optional<String> pinned() {
    return pinned;
  }

  private Atom root() {
    Atom root = this;
    while (root.alias != null) {
      root = root.alias;
    }
    for (Atom a = this; a != root; ) {
      Atom next = a.alias;
      a.alias = root;
      a = next;
    }
    return root;
  }

  /** Visits the leaves in the order of their neurons. */
  void forEachLeaf(Consumer<Atom> action) {
    Deque<Atom> open = new ArrayDeque<>();
    open.push(this);
    while (!open.isEmpty()) {
      Atom atom = open.pop().root();
      if (atom.parts.isEmpty()) {
        action.accept(atom);
      } else {
        for (int i = atom.parts.size() - 1; i >= 0; i--) {
          open.push(atom.parts.get(i));
        }
      }
    }
  }

  /** Makes two leaves of one size the same neurons. */
  void unite(Atom other) {
    if (this != other) {
      if (pinned.isEmpty()) {
        pinned = other.pinned;
      }
      other.alias = this;
    }
  }

  /** Splits a leaf before neuron {@code at}. */
  void split(int at) {
    budget.makeSegments(2);
    Atom head = new Atom(at, budget);
    Atom tail = new Atom(size - at, budget);
    head.pinned = pinned;
    tail.pinned = pinned;
    parts = List.of(head, tail);
  }

  /**
   * Keeps a leaf's neurons where they are; the first reason stands.
   *
   * @return whether they could still move before
   */
  boolean pin(String reason) {
    boolean free = pinned.isEmpty();
    if (free) {
      pinned = Optional.of(reason);
    }
    return free;
  }
}
