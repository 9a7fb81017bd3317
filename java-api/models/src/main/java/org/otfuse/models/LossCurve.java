package org.otfuse.models;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.otfuse.FusionEngine;
import org.otfuse.models.Evaluation.Score;
import org.otfuse.models.closedform.CorrectionKind;

/**
 * How good averages of two models are along the straight line from one to the other, with and
 * without alignment (Frankle et al., "Linear Mode Connectivity and the Lottery Ticket Hypothesis",
 * 2020).
 *
 * <pre>{@code
 * LossCurve curve = LossCurve.of(OnnxFusion.of(a, b).test(samples), engine, 5);
 * double halfway = curve.aligned().get(2).loss();
 * double barrier = curve.barrier();
 * }</pre>
 *
 * @param anchor index of the model that the other was aligned to
 * @param correction what was done after averaging aligned models; plain averages stay as they are
 * @param samples how many test samples were used
 * @param weights of the second model, growing from 0 to 1
 * @param aligned scores of the averages of aligned models, one a weight
 * @param plain scores of the averages of the models as they are; empty where shapes differ
 */
public record LossCurve(
    int anchor,
    CorrectionKind correction,
    int samples,
    List<Double> weights,
    List<Score> aligned,
    List<Score> plain) {
  /** Points of a curve where no other number is asked for. */
  public static final int POINTS = 11;

  private static final int MOST_POINTS = 1001;

  /** Copies the lists. */
  public LossCurve {
    weights = List.copyOf(weights);
    aligned = List.copyOf(aligned);
    plain = List.copyOf(plain);
  }

  /**
   * Aligns two models once and measures their averages. The solver is exact unless another was
   * asked for, so that both ends are the models as they are.
   *
   * @param fusion of two models, with test data; weights play no part
   * @param engine does the numeric work
   * @param points how many weights from 0 to 1, 2 to 1001
   * @return the curve
   * @throws org.otfuse.InvalidInputException if models, samples or options cannot be used
   */
  public static LossCurve of(OnnxFusion fusion, FusionEngine engine, int points) {
    if (points < 2 || points > MOST_POINTS) {
      throw new InvalidOptionException("{points} is %s, expected 2 to %s.", points, MOST_POINTS);
    }
    return fusion.curve(engine, weights(points));
  }

  /** Evenly spread weights from 0 to 1. */
  static List<Double> weights(int points) {
    List<Double> weights = new ArrayList<>();
    for (int i = 0; i < points; i++) {
      weights.add((double) i / (points - 1));
    }
    return weights;
  }

  /**
   * The loss barrier between the aligned models.
   *
   * @return by how much the loss exceeds, at most, the line between the losses at the two ends; 0
   *     or above
   */
  public double barrier() {
    return barrier(weights, aligned);
  }

  /**
   * The loss barrier between the models as they are.
   *
   * @return as {@link #barrier}; empty where shapes differ
   */
  public OptionalDouble plainBarrier() {
    return plain.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(barrier(weights, plain));
  }

  static double barrier(List<Double> weights, List<Score> scores) {
    double first = scores.get(0).loss();
    double last = scores.get(scores.size() - 1).loss();
    double barrier = 0;
    for (int i = 0; i < scores.size(); i++) {
      double w = weights.get(i);
      barrier = Math.max(barrier, scores.get(i).loss() - ((1 - w) * first + w * last));
    }
    return barrier;
  }
}
