package org.otfuse.spi;

import java.util.List;
import java.util.Objects;

/**
 * One linear transport problem: minimise {@code <C,T>} over couplings with marginals a and b; the
 * plan is a vertex of the transport polytope.
 *
 * @param cost C [n,m], not changed
 * @param a row marginal [n], each at least 1e-30, summing to 1
 * @param b column marginal [m], each at least 1e-30, summing to 1
 * @param plan T, written, [n,m]
 */
public record ExactTask(Matrix cost, Span a, Span b, Matrix plan) implements Task {
  /** Checks that the sizes fit. */
  public ExactTask {
    Objects.requireNonNull(cost, "cost");
    Objects.requireNonNull(a, "a");
    Objects.requireNonNull(b, "b");
    Objects.requireNonNull(plan, "plan");
    if (cost.rows() < 1
        || cost.columns() < 1
        || a.length() != cost.rows()
        || b.length() != cost.columns()
        || plan.rows() != cost.rows()
        || plan.columns() != cost.columns()) {
      throw new IllegalArgumentException(
          "cost has the shape [%d,%d], a %d values, b %d and plan the shape [%d,%d], expected [n,m], n, m and [n,m] of 1 or more"
              .formatted(
                  cost.rows(),
                  cost.columns(),
                  a.length(),
                  b.length(),
                  plan.rows(),
                  plan.columns()));
    }
  }

  @Override
  public List<Span> reads() {
    return List.of(cost.span(), a, b);
  }

  @Override
  public List<Span> writes() {
    return List.of(plan.span());
  }
}
