package org.otfuse.spi;

import java.util.List;
import java.util.Objects;
import org.otfuse.Metric;

/**
 * A pairwise cost matrix: cost[i,j] is the distance between row i of x and row j of y.
 *
 * <p>The mean of y's rows is subtracted from both sides first (it cancels in Euclidean distances),
 * squared distances are clamped at 0. Cosine uses the rows as they are; a row of norm 0 is at
 * distance 1 from every row.
 *
 * @param x features of the model [n,d]
 * @param y features of the anchor [m,d]
 * @param cost written, [n,m]
 * @param metric the distance
 */
public record CostTask(Matrix x, Matrix y, Matrix cost, Metric metric) implements Task {
  /** Checks that the sizes fit. */
  public CostTask {
    Objects.requireNonNull(x, "x");
    Objects.requireNonNull(y, "y");
    Objects.requireNonNull(cost, "cost");
    Objects.requireNonNull(metric, "metric");
    if (x.columns() != y.columns() || cost.rows() != x.rows() || cost.columns() != y.rows()) {
      throw new IllegalArgumentException(
          "x has the shape [%d,%d], y [%d,%d] and cost [%d,%d], expected [n,d], [m,d] and [n,m]"
              .formatted(
                  x.rows(), x.columns(), y.rows(), y.columns(), cost.rows(), cost.columns()));
    }
  }

  @Override
  public List<Span> reads() {
    return List.of(x.span(), y.span());
  }

  @Override
  public List<Span> writes() {
    return List.of(cost.span());
  }
}
