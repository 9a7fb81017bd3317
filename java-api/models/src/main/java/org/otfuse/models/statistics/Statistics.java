package org.otfuse.models.statistics;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.otfuse.BackendUnavailableException;
import org.otfuse.InvalidInputException;
import org.otfuse.Model;
import org.otfuse.Progress;
import org.otfuse.UnsupportedModelException;
import org.otfuse.models.Dataset;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.statistics.MomentGraph.Correction;
import org.otfuse.models.trace.WeightUses.Normalization;

/**
 * Repairs the statistics of an averaged model. Averaging shrinks the variance of what neurons
 * compute, layer upon layer, since the models' activations are never fully correlated; running
 * statistics of a BatchNormalization no longer fit, and without one the signal dies away (Jordan et
 * al., "REPAIR: REnormalizing Permuted Activations for Interpolation Repair", 2023).
 *
 * <p>Samples stream through ONNX Runtime and moments are kept in double, so memory does not grow
 * with the number of samples. As many as fit into 256 MiB with what is computed from them are one
 * batch; more take one pass for each value that is corrected, so that results do not depend on the
 * size of the batches. Thread-safe; models are not changed.
 *
 * <pre>{@code
 * OnnxModel average = PlainAverage.of(List.of(a, b), List.of(0.5, 0.5));
 * OnnxModel reset = Statistics.reset(average, samples, Progress.none());
 * List<ActivationMoments> goals =
 *     List.of(
 *         ActivationMoments.capture(a, samples, Progress.none()),
 *         ActivationMoments.capture(b, samples, Progress.none()));
 * OnnxModel repaired =
 *     Statistics.repair(average, goals, List.of(0.5, 0.5), samples, Progress.none());
 * }</pre>
 */
public final class Statistics {
  private Statistics() {}

  /**
   * Whether a model has running statistics that {@link #reset} can re-estimate.
   *
   * @param model the model
   * @return true if it has a BatchNormalization at inference
   */
  public static boolean hasNormalization(OnnxModel model) {
    return !model.uses().normalizations().isEmpty();
  }

  /**
   * Re-estimates the running mean and variance of every BatchNormalization on samples, those whose
   * neurons are pinned included. The variance is the mean squared distance from the mean. A
   * BatchNormalization that reads a value without samples on its first axis stays as it is. A model
   * without BatchNormalization comes back as it is. Nodes that share tensors get their own, so the
   * result can have more tensors.
   *
   * @param fused the averaged model
   * @param samples the calibration samples, at least 2; labels are not needed; where the model
   *     fixes its batch, a last one that is not full is left out
   * @param progress hears how many samples are done
   * @return the model with new running statistics
   * @throws InvalidInputException if the samples do not fit the model or are too few
   * @throws UnsupportedModelException if ONNX Runtime cannot run the model
   * @throws BackendUnavailableException if ONNX Runtime has no native code for this platform
   */
  public static OnnxModel reset(OnnxModel fused, Dataset samples, Progress progress) {
    OnnxModel separated = hasNormalization(fused) ? fused.separated() : fused;
    List<Normalization> nodes = separated.uses().normalizations();
    List<MomentPass.Place> places =
        nodes.stream()
            .map(n -> new MomentPass.Place(separated.graph().getNode(n.node()).getInput(0), 1))
            .toList();
    MomentPass.Corrections corrections =
        new MomentPass.Corrections() {
          @Override
          public Correction of(int place, int width) {
            return new Correction.Normalize(nodes.get(place).node());
          }

          @Override
          public OnnxModel write(OnnxModel model, int place, Moments moments) {
            return withStatistics(model, nodes.get(place), moments);
          }
        };
    return MomentPass.run(separated, places, corrections, samples, progress);
  }

  private static OnnxModel withStatistics(OnnxModel model, Normalization node, Moments moments) {
    int width = model.model().architecture().tensors().get(node.mean()).length();
    FloatBuffer mean = FloatBuffer.allocate(width);
    FloatBuffer variance = FloatBuffer.allocate(width);
    for (int i = 0; i < width; i++) {
      mean.put(i, (float) moments.mean(i));
      variance.put(i, (float) moments.variance(i));
    }
    List<FloatBuffer> tensors = new ArrayList<>(model.model().tensors());
    tensors.set(node.mean(), mean);
    tensors.set(node.variance(), variance);
    return model.withTensors(
        new Model(model.model().name(), model.model().architecture(), tensors));
  }

  /**
   * Scales and shifts what every producer computes until its mean and its standard deviation over
   * the samples are the weighted means of those of the aligned models. For models that soft maps
   * aligned, or whose neurons become fewer, give their own moments {@linkplain
   * ActivationMoments#carried carried} by the couplings, because aligned models are blurred, layer
   * upon layer, and vary too little. With a BatchNormalization after the producer this goes into
   * gamma and beta, without one into weights and bias; a producer without bias is only scaled. Left
   * as they are: neurons that are pinned, those that do not vary, layers whose weights another
   * place of the graph uses too, and layers whose output has no samples on its first axis. Layers
   * that share a bias or the tensors of a BatchNormalization get their own, so the result can have
   * more tensors.
   *
   * @param fused the averaged model
   * @param aligned the moments of each aligned model on the same samples, for the neurons of the
   *     fused one
   * @param weights one an aligned model, those of the average
   * @param samples the calibration samples, at least 2; labels are not needed; where the model
   *     fixes its batch, a last one that is not full is left out
   * @param progress hears how many samples are done
   * @return the repaired model
   * @throws InvalidInputException if there are not as many weights as models, or the samples do not
   *     fit the model or are too few
   * @throws UnsupportedModelException if ONNX Runtime cannot run the model
   * @throws BackendUnavailableException if ONNX Runtime has no native code for this platform
   */
  public static OnnxModel repair(
      OnnxModel fused,
      List<ActivationMoments> aligned,
      List<Double> weights,
      Dataset samples,
      Progress progress) {
    if (aligned.isEmpty() || aligned.size() != weights.size()) {
      throw new InvalidInputException(
          "%d weights were given for the moments of %d models, expected one for each"
              .formatted(weights.size(), aligned.size()));
    }
    OnnxModel separated = fused.separated();
    Repair repair = new Repair(separated, aligned, weights);
    return MomentPass.run(separated, repair.places(), repair, samples, progress);
  }
}
