package org.otfuse.spi;

import java.util.List;
import java.util.Objects;

/**
 * Turns a coupling into soft maps: {@code P = T diag(1/colsum)} has columns that sum to 1, for
 * output axes; {@code Q = diag(1/rowsum) T} has rows that sum to 1, for input axes. A column of P
 * or row of Q without mass is uniform.
 *
 * @param plan T [n,m], not changed
 * @param p written, [n,m]
 * @param q written, [n,m]
 */
public record MapTask(Matrix plan, Matrix p, Matrix q) implements Task {
  /** Checks that the sizes fit. */
  public MapTask {
    Objects.requireNonNull(plan, "plan");
    Objects.requireNonNull(p, "p");
    Objects.requireNonNull(q, "q");
    for (Matrix map : new Matrix[] {p, q}) {
      if (map.rows() != plan.rows() || map.columns() != plan.columns()) {
        throw new IllegalArgumentException(
            "plan has the shape [%d,%d] and a map [%d,%d], expected the same"
                .formatted(plan.rows(), plan.columns(), map.rows(), map.columns()));
      }
    }
  }

  @Override
  public List<Span> reads() {
    return List.of(plan.span());
  }

  @Override
  public List<Span> writes() {
    return List.of(p.span(), q.span());
  }
}
