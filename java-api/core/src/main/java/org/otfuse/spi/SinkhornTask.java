package org.otfuse.spi;

import java.util.List;
import java.util.Objects;
import org.otfuse.SinkhornSettings;

/**
 * One entropic transport problem: minimise {@code <C,T> + eps sum T (log T - 1)} over couplings
 * with marginals a and b, or with {@code tau KL(T1|a) + tau KL(T'1|b)} added instead when tau is
 * finite. The plan is {@code T_ij = exp((f_i + g_j - C_ij) / eps)}, balanced ones rounded onto the
 * transport polytope at the end (Altschuler et al. 2017, algorithm 2), so that both marginals hold
 * to 1e-6.
 *
 * @param cost C [n,m], not changed
 * @param a row marginal [n], each at least 1e-30, summing to 1
 * @param b column marginal [m], each at least 1e-30, summing to 1
 * @param plan T, written, [n,m]
 * @param f row potential in units of cost, written, read on a warm start, [n]
 * @param g column potential in units of cost, written, read on a warm start, [m]
 * @param settings epsilon and stopping rule
 */
public record SinkhornTask(
    Matrix cost, Span a, Span b, Matrix plan, Span f, Span g, SinkhornSettings settings)
    implements Task {
  /** Checks that the sizes fit. */
  public SinkhornTask {
    Objects.requireNonNull(cost, "cost");
    Objects.requireNonNull(a, "a");
    Objects.requireNonNull(b, "b");
    Objects.requireNonNull(plan, "plan");
    Objects.requireNonNull(f, "f");
    Objects.requireNonNull(g, "g");
    Objects.requireNonNull(settings, "settings");
    int n = cost.rows();
    int m = cost.columns();
    if (n < 1
        || m < 1
        || a.length() != n
        || b.length() != m
        || f.length() != n
        || g.length() != m
        || plan.rows() != n
        || plan.columns() != m) {
      throw new IllegalArgumentException(
          "cost has the shape [%d,%d], a %d values, b %d, f %d, g %d and plan the shape [%d,%d], expected [n,m], n, m, n, m and [n,m] of 1 or more"
              .formatted(
                  n,
                  m,
                  a.length(),
                  b.length(),
                  f.length(),
                  g.length(),
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
    return List.of(plan.span(), f, g);
  }
}
