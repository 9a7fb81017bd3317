package org.otfuse.models;

import java.util.List;
import org.otfuse.InvalidInputException;
import org.otfuse.Progress;
import org.otfuse.UnsupportedModelException;

/**
 * How good models are on labelled samples, each by itself and all together. The ensemble's class
 * probabilities are the mean of the models' softmax probabilities.
 *
 * <pre>{@code
 * double accuracy = Evaluation.of(a, samples).models().get(0).accuracy();
 * try (OnnxSession first = OnnxSession.open(a.toBytes(), "a");
 *     OnnxSession second = OnnxSession.open(b.toBytes(), "b")) {
 *   double both = Evaluation.of(List.of(first, second), samples, Progress.none()).ensemble().loss();
 * }
 * }</pre>
 *
 * @param samples how many samples were used
 * @param models the score of each model, in order
 * @param ensemble the score of their ensemble; that of the model itself if there is only one
 */
public record Evaluation(int samples, List<Score> models, Score ensemble) {
  /** Copies the list. */
  public Evaluation {
    models = List.copyOf(models);
  }

  /**
   * One classifier's score.
   *
   * @param accuracy samples whose label has the highest probability, in percent; of equal ones the
   *     first class counts
   * @param loss the mean cross-entropy -log p(label), in nats
   */
  public record Score(double accuracy, double loss) {}

  /**
   * Runs one model over all samples.
   *
   * @param model the model
   * @param data samples with labels
   * @return its score
   * @throws InvalidInputException if the samples have no labels, a label is no class of the model,
   *     or it expects other images
   * @throws UnsupportedModelException if the model fails or gives a score that is not a number
   */
  public static Evaluation of(OnnxModel model, Dataset data) {
    return of(model, data, Progress.none());
  }

  /**
   * Runs one model over all samples and tells how far it is.
   *
   * @param model the model
   * @param data samples with labels
   * @param progress hears how many samples are done
   * @return its score
   * @throws InvalidInputException if the samples have no labels, a label is no class of the model,
   *     or it expects other images
   * @throws UnsupportedModelException if the model fails or gives a score that is not a number
   */
  public static Evaluation of(OnnxModel model, Dataset data, Progress progress) {
    try (OnnxSession session = OnnxSession.open(model.toBytes(), model.model().name())) {
      return of(List.of(session), data, progress);
    }
  }

  /**
   * Runs each model once over all samples. For models that are not to be open all at once there is
   * {@link Evaluator}.
   *
   * @param models open sessions, at least one
   * @param data samples with labels
   * @param progress hears how many samples are done, counted once for each model
   * @return the scores
   * @throws InvalidInputException if the samples have no labels, a label is no class of the models,
   *     or models have different numbers of classes or expect other images
   * @throws UnsupportedModelException if a model fails or gives a score that is not a number
   */
  public static Evaluation of(List<OnnxSession> models, Dataset data, Progress progress) {
    Evaluator evaluator = new Evaluator(data);
    for (int k = 0; k < models.size(); k++) {
      int before = k * data.size();
      evaluator.add(
          models.get(k),
          (done, total) -> progress.step(before + done, models.size() * data.size()));
    }
    return evaluator.result();
  }
}
