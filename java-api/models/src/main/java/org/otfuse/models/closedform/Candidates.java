package org.otfuse.models.closedform;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.otfuse.Architecture;
import org.otfuse.FusionOptions;
import org.otfuse.InvalidInputException;
import org.otfuse.Model;
import org.otfuse.TensorLayout;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.TensorInfo;

/**
 * The models that take part in a fusion, those with a weight above 0.
 *
 * @param anchor the model whose graph and widths the fused one has, with or without a weight
 * @param given of all models, those without a weight too
 * @param indices of the models among those given
 * @param weights one a model, summing to 1
 * @param networks the models
 * @param reference which of them is the anchor, if it takes part
 */
record Candidates(
    OnnxModel anchor,
    List<Architecture> given,
    List<Integer> indices,
    List<Double> weights,
    List<Network> networks,
    Optional<Integer> reference) {
  /** Checks models and weights. */
  static Candidates of(List<OnnxModel> models, int anchor, List<Double> weights) {
    if (anchor < 0 || anchor >= models.size()) {
      throw new InvalidInputException(
          "The anchor is %d, expected 0 to %d.".formatted(anchor, models.size() - 1));
    }
    List<Double> checked =
        FusionOptions.builder()
            .weights(weights.stream().mapToDouble(Double::doubleValue).toArray())
            .build()
            .weightsFor(models.size());
    OnnxModel frame = models.get(anchor);
    Network ofFrame = Network.of(frame);
    List<Integer> indices = new ArrayList<>();
    List<Double> kept = new ArrayList<>();
    List<Network> networks = new ArrayList<>();
    Optional<Integer> reference = Optional.empty();
    for (int k = 0; k < models.size(); k++) {
      OnnxModel model = models.get(k);
      Optional<String> difference =
          model.model().architecture().difference(frame.model().architecture());
      if (difference.isPresent()) {
        throw new InvalidInputException(
            "Model %s cannot be fused with %s: %s."
                .formatted(model.model().name(), frame.model().name(), difference.get()));
      }
      if (checked.get(k) > 0) {
        if (k == anchor) {
          reference = Optional.of(indices.size());
        }
        indices.add(k);
        kept.add(checked.get(k));
        Network network = k == anchor ? ofFrame : Network.of(model);
        requireSameBatch(network, ofFrame);
        networks.add(network);
      }
    }
    List<Architecture> given = models.stream().map(m -> m.model().architecture()).toList();
    return new Candidates(frame, given, indices, kept, networks, reference);
  }

  /** The result where only one model takes part and has the anchor's shapes: its weights. */
  Optional<OnnxModel> alone(List<OnnxModel> models) {
    Model frame = anchor.model();
    Model only = models.get(indices.get(0)).model();
    boolean fits =
        indices.size() == 1 && shapes(only.architecture()).equals(shapes(frame.architecture()));
    return fits
        ? Optional.of(
            anchor.withTensors(new Model(frame.name(), frame.architecture(), only.tensors())))
        : Optional.empty();
  }

  private static List<List<Integer>> shapes(Architecture architecture) {
    return architecture.tensors().stream().map(TensorLayout::shape).toList();
  }

  /** Samples of different models are paired chunk by chunk. */
  private static void requireSameBatch(Network network, Network anchor) {
    int found = batch(network);
    int expected = batch(anchor);
    if (found != expected) {
      throw new InvalidInputException(
          "Model %s has %s, expected %s as in %s."
              .formatted(network.name(), words(found), words(expected), anchor.name()));
    }
  }

  private static int batch(Network network) {
    return network.inputs().stream()
        .map(TensorInfo::shape)
        .filter(shape -> !shape.isEmpty())
        .mapToInt(shape -> shape.get(0))
        .findFirst()
        .orElse(TensorInfo.UNKNOWN);
  }

  private static String words(int batch) {
    return batch == TensorInfo.UNKNOWN ? "any batch" : "a fixed batch of " + batch;
  }
}
