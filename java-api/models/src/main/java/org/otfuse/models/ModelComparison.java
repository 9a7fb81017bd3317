package org.otfuse.models;

import java.util.List;
import java.util.Optional;
import org.otfuse.BackendUnavailableException;
import org.otfuse.InvalidInputException;
import org.otfuse.Progress;
import org.otfuse.UnsupportedModelException;

/**
 * How far what two models compute on the same samples is apart. All their outputs count, the first
 * of one with the first of the other and so on; names do not. Differences are taken in double, in
 * the units of the outputs. Immutable.
 *
 * <pre>{@code
 * OnnxModel a = OnnxModel.read(Path.of("a.onnx"));
 * OnnxModel b = OnnxModel.read(Path.of("b.onnx"));
 * ModelComparison found = ModelComparison.of(a, b, Dataset.read(Path.of("test.npz")));
 * System.out.printf("%g apart at most, sample %d%n", found.largest(), found.worst());
 * found.predictions().ifPresent(p -> System.out.printf("%.1f %% alike%n", p.equal()));
 * }</pre>
 *
 * @param samples how many samples both were run on
 * @param values how many numbers were compared: those of all outputs for all samples
 * @param largest the largest absolute difference
 * @param relative the same divided by the largest absolute value that either model gives; 0 if both
 *     give zeros alone
 * @param mean the mean absolute difference
 * @param worst index of the first sample with the largest difference, from 0
 * @param predictions the classes that both predict, if the first output is [N,classes] with two
 *     classes or more
 */
public record ModelComparison(
    int samples,
    long values,
    double largest,
    double relative,
    double mean,
    int worst,
    Optional<Predictions> predictions) {
  /**
   * The classes with the highest score; of equal scores the first.
   *
   * @param equal samples for which both models predict the same class, in percent
   * @param accuracies samples whose label is predicted, in percent, of the first model and of the
   *     second; empty if the samples have no labels
   */
  public record Predictions(double equal, List<Double> accuracies) {
    /** Copies the list. */
    public Predictions {
      accuracies = List.copyOf(accuracies);
    }
  }

  /**
   * Runs both models once over all samples.
   *
   * @param first a model with one float input
   * @param second a model with an input of the same shape, as far as the files give it; batches may
   *     differ
   * @param data samples, with or without labels
   * @return what was found
   * @throws InvalidInputException if inputs, the number of outputs or their shapes differ, the
   *     models expect other samples, or a label is no class of the models
   * @throws UnsupportedModelException if a model has several inputs, fails, gives an output that is
   *     not float32 or has no samples on axis 0, or a value that is not finite
   * @throws BackendUnavailableException if ONNX Runtime has no native code for this platform
   */
  public static ModelComparison of(OnnxModel first, OnnxModel second, Dataset data) {
    return of(first, second, data, Progress.none());
  }

  /**
   * The same with progress.
   *
   * @param first a model with one float input
   * @param second a model with an input of the same shape
   * @param data samples, with or without labels
   * @param progress hears how many samples are done
   * @return what was found
   * @throws InvalidInputException as {@link #of(OnnxModel, OnnxModel, Dataset)}
   * @throws UnsupportedModelException as {@link #of(OnnxModel, OnnxModel, Dataset)}
   * @throws BackendUnavailableException as {@link #of(OnnxModel, OnnxModel, Dataset)}
   */
  public static ModelComparison of(
      OnnxModel first, OnnxModel second, Dataset data, Progress progress) {
    requireSameInput(first, second);
    if (first.outputs().size() != second.outputs().size()) {
      throw new InvalidInputException(
          "model %s has %d outputs, expected %d as model %s has"
              .formatted(
                  name(second), second.outputs().size(), first.outputs().size(), name(first)));
    }
    try (ComparisonRun run = new ComparisonRun(first, second, data)) {
      return run.run(progress);
    }
  }

  private static void requireSameInput(OnnxModel first, OnnxModel second) {
    if (first.inputs().size() != 1 || second.inputs().size() != 1) {
      return; // The session names the model that has several.
    }
    TensorInfo expected = first.inputs().get(0);
    TensorInfo found = second.inputs().get(0);
    if (!found.fits(expected)) {
      throw new InvalidInputException(
          "input %s of model %s has shape %s, expected %s as input %s of model %s has"
              .formatted(
                  found.name(),
                  name(second),
                  found.words(),
                  expected.words(),
                  expected.name(),
                  name(first)));
    }
  }

  private static String name(OnnxModel file) {
    return file.model().name();
  }
}
