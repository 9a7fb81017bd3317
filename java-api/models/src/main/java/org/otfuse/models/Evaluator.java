package org.otfuse.models;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.otfuse.InvalidInputException;
import org.otfuse.Progress;
import org.otfuse.UnsupportedModelException;
import org.otfuse.models.Evaluation.Score;

/**
 * Scores models and their ensemble, one model after the other, so that they need not be open at
 * once. Takes memory for one number a sample and class, however many models there are. Not
 * thread-safe.
 */
public final class Evaluator {
  private final Dataset data;
  private final List<Score> scores = new ArrayList<>();
  private String first = "";
  private int classes;
  private double[] together = {};

  /**
   * Prepares to score models.
   *
   * @param data samples with labels
   * @throws InvalidInputException if they have none
   */
  public Evaluator(Dataset data) {
    if (!data.hasLabels()) {
      throw new InvalidInputException(
          "data set %s has no labels, expected some to evaluate models".formatted(data.name()));
    }
    this.data = data;
  }

  /**
   * Runs a model once over all samples.
   *
   * @param model an open session
   * @param progress hears how many samples are done
   * @throws InvalidInputException if a label is no class of the model, it has another number of
   *     classes than those before it, or expects other images
   * @throws UnsupportedModelException if it fails or gives a score that is not a number
   */
  public void add(OnnxSession model, Progress progress) {
    Tally tally = new Tally();
    for (int start = 0; start < data.size(); start += model.batch()) {
      int count = Math.min(model.batch(), data.size() - start);
      float[] logits = model.logits(data, start, count);
      if (start == 0) {
        checkClasses(model.name(), logits.length / count);
      }
      double[] logProbabilities = logSoftmax(model.name(), logits, start);
      tally.add(logProbabilities, start);
      for (int i = 0; i < logProbabilities.length; i++) {
        int at = start * classes + i;
        together[at] = logSum(together[at], logProbabilities[i]);
      }
      progress.step(start + count, data.size());
    }
    scores.add(tally.score());
  }

  /** Checks that a model has the classes of the labels and of the models before it. */
  private void checkClasses(String model, int found) {
    if (!scores.isEmpty()) {
      if (found != classes) {
        throw new InvalidInputException(
            "model %s has %d classes, expected %d as model %s has"
                .formatted(model, found, classes, first));
      }
      return;
    }
    for (int i = 0; i < data.size(); i++) {
      if (data.label(i) >= found) {
        throw new InvalidInputException(
            "data set %s has the label %d at [%d], expected less than %d, the classes of model %s"
                .formatted(data.name(), data.label(i), i, found, model));
      }
    }
    first = model;
    classes = found;
    together = new double[Math.multiplyExact(data.size(), classes)];
    Arrays.fill(together, Double.NEGATIVE_INFINITY);
  }

  /**
   * The scores of the models so far.
   *
   * @return one score a model, in the order in which they were added, and that of their ensemble
   * @throws InvalidInputException if there is none
   */
  public Evaluation result() {
    if (scores.isEmpty()) {
      throw new InvalidInputException("no model to evaluate, expected at least one");
    }
    double[] means = new double[together.length];
    Arrays.setAll(means, i -> together[i] - Math.log(scores.size()));
    Tally ensemble = new Tally();
    ensemble.add(means, 0);
    return new Evaluation(data.size(), scores, ensemble.score());
  }

  /** Logarithms of softmax probabilities [count,classes]. */
  private double[] logSoftmax(String model, float[] logits, int start) {
    double[] result = new double[logits.length];
    for (int from = 0; from < logits.length; from += classes) {
      double max = Double.NEGATIVE_INFINITY;
      for (int c = 0; c < classes; c++) {
        max = Math.max(max, logits[from + c]);
      }
      double sum = 0;
      for (int c = 0; c < classes; c++) {
        sum += Math.exp(logits[from + c] - max);
      }
      double total = max + Math.log(sum);
      if (!Double.isFinite(total)) {
        throw new UnsupportedModelException(
            "model %s gives the class scores %s for sample %d, expected finite numbers"
                .formatted(
                    model,
                    Arrays.toString(Arrays.copyOfRange(logits, from, from + classes)),
                    start + from / classes));
      }
      for (int c = 0; c < classes; c++) {
        result[from + c] = logits[from + c] - total;
      }
    }
    return result;
  }

  /** The logarithm of the sum of two numbers whose logarithms are given. */
  private static double logSum(double a, double b) {
    double max = Math.max(a, b);
    // A class that all models rule out would give -infinity minus itself.
    return max == Double.NEGATIVE_INFINITY ? max : max + Math.log1p(Math.exp(Math.min(a, b) - max));
  }

  /** Adds up one classifier's hits and losses. */
  private final class Tally {
    private int hits;
    private double loss;

    void add(double[] logProbabilities, int start) {
      for (int row = 0; row < logProbabilities.length / classes; row++) {
        int best = 0;
        for (int c = 1; c < classes; c++) {
          if (logProbabilities[row * classes + c] > logProbabilities[row * classes + best]) {
            best = c;
          }
        }
        int label = data.label(start + row);
        hits += best == label ? 1 : 0;
        loss -= logProbabilities[row * classes + label];
      }
    }

    Score score() {
      return new Score(100.0 * hits / data.size(), loss / data.size());
    }
  }
}
