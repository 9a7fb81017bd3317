package org.otfuse.models;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.otfuse.InvalidInputException;

/**
 * Finds the weights of an average that have the least loss. One model's weight after the other is
 * varied from 0 to 1 while the others keep their proportions: first on a grid, because the loss has
 * local minima near the models themselves, then ever closer around the best. Two models need one
 * such line, more are visited in turn until a round brings nothing. Thread-safe.
 *
 * <pre>{@code
 * WeightSearch.Found found =
 *     WeightSearch.search(
 *         2,
 *         weights -> {
 *           OnnxModel average = PlainAverage.of(List.of(a, b), weights);
 *           return Evaluation.of(average, samples).models().get(0).loss();
 *         });
 * }</pre>
 */
public final class WeightSearch {
  /** Weights are found to this; the loss on some hundred samples says no more. */
  private static final double FINEST = 0.0125;

  private static final double COARSEST = 0.1;
  private static final int MOST_ROUNDS = 3;

  /**
   * What was found.
   *
   * @param weights one a model, summing to 1
   * @param loss what the function gave for them
   */
  public record Found(List<Double> weights, double loss) {
    /** Copies the list. */
    public Found {
      weights = List.copyOf(weights);
    }
  }

  private final ToDoubleFunction<List<Double>> loss;
  private final Map<List<Double>, Double> known = new HashMap<>();

  private WeightSearch(ToDoubleFunction<List<Double>> loss) {
    this.loss = loss;
  }

  /**
   * Searches from equal weights.
   *
   * @param models how many weights, at least 2
   * @param loss of the average with given weights, which sum to 1; asked once for each
   * @return the best that were tried
   * @throws InvalidInputException if there are fewer than 2 models
   */
  public static Found search(int models, ToDoubleFunction<List<Double>> loss) {
    if (models < 2) {
      throw new InvalidInputException(
          "Weights of %d models cannot be searched, expected 2 or more.".formatted(models));
    }
    return new WeightSearch(loss).search(Collections.nCopies(models, 1.0 / models));
  }

  private Found search(List<Double> start) {
    Found best = evaluate(start);
    int rounds = start.size() == 2 ? 1 : MOST_ROUNDS;
    for (int round = 0; round < rounds; round++) {
      double before = best.loss;
      int lines = start.size() == 2 ? 1 : start.size();
      for (int k = start.size() - lines; k < start.size(); k++) {
        best = line(best, k);
      }
      if (best.loss == before) {
        break;
      }
    }
    return best;
  }

  /** The best on the line through the weights found so far on which weight k varies. */
  private Found line(Found start, int k) {
    Found best = start;
    for (double w = 0; w <= 1 + COARSEST / 2; w += COARSEST) {
      best = better(best, evaluate(with(start.weights, k, w)));
    }
    for (double step = COARSEST / 2; step >= FINEST; step /= 2) {
      double middle = best.weights.get(k);
      best = better(best, evaluate(with(start.weights, k, middle - step)));
      best = better(best, evaluate(with(start.weights, k, middle + step)));
    }
    return best;
  }

  private static Found better(Found a, Found b) {
    return b.loss < a.loss ? b : a;
  }

  private Found evaluate(List<Double> weights) {
    return new Found(weights, known.computeIfAbsent(weights, loss::applyAsDouble));
  }

  /** Weight k is w, cut to 0 to 1; the others share the rest in their proportions. */
  private static List<Double> with(List<Double> weights, int k, double w) {
    double own = Math.round(Math.max(0, Math.min(1, w)) * 1e4) / 1e4;
    double others = weights.stream().mapToDouble(Double::doubleValue).sum() - weights.get(k);
    List<Double> result = new ArrayList<>();
    for (int i = 0; i < weights.size(); i++) {
      double share = others > 0 ? weights.get(i) / others : 1.0 / (weights.size() - 1);
      result.add(i == k ? own : (1 - own) * share);
    }
    return result;
  }
}
