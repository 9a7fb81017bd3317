package org.otfuse.features;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.otfuse.AlignmentOptions;
import org.otfuse.InvalidInputException;
import org.otfuse.NeuronGroup;
import org.otfuse.Producer;
import org.otfuse.TensorLayout.Slab;
import org.otfuse.device.Arena;
import org.otfuse.device.DeviceModel;
import org.otfuse.features.AlignmentOrder.Step;
import org.otfuse.maps.AxisMaps;
import org.otfuse.maps.GroupMaps;
import org.otfuse.spi.AxisMap;
import org.otfuse.spi.Backend;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.Span;

/**
 * What the neurons of a group are compared by: rows of weights (Singh and Jaggi 2020, section 4) or
 * activations. Every coupling that the residual policy asks for has one pair of matrices.
 */
public final class GroupFeatures {
  /** Features of the model [n,d] and of the anchor [m,d]. */
  public record Pair(Matrix x, Matrix y) {}

  /** All pairs of a group, in one unit. */
  public record Features(List<Pair> pairs, FeatureUnit unit) {}

  private final Backend backend;
  private final AlignmentOptions options;
  private final DeviceModel model;
  private final DeviceModel anchor;
  private final Arena arena;

  /** The arena owns the matrices. */
  public GroupFeatures(
      Backend backend,
      AlignmentOptions options,
      DeviceModel model,
      DeviceModel anchor,
      Arena arena) {
    this.backend = backend;
    this.options = options;
    this.model = model;
    this.anchor = anchor;
    this.arena = arena;
  }

  /** Rows of the producers' weights after the input maps, biases appended. */
  public Features ofWeights(Step step, List<GroupMaps> maps) {
    int g = step.group();
    ProducerRows ofModel = new ProducerRows(model, g, step.producers());
    ProducerRows ofAnchor = new ProducerRows(anchor, g, step.producers());
    double largest = Math.max(ofModel.largest(), ofAnchor.largest());
    FeatureUnit unit =
        FeatureUnit.ordinary(largest)
            ? FeatureUnit.one(options.metric())
            : FeatureUnit.of(options.metric(), ofModel.magnitudes(), ofAnchor.magnitudes());
    List<Pair> pairs =
        shares(step.producers()).stream()
            .map(
                share ->
                    pair(
                        g,
                        weights(ofModel, share, maps, unit),
                        weights(ofAnchor, share, maps, unit)))
            .toList();
    return new Features(pairs, unit);
  }

  /** The group's producers whose outputs are known, of both models. */
  public static List<Integer> observed(NeuronGroup group, int g, ActivationPair activations) {
    return IntStream.range(0, group.producers().size())
        .filter(
            p -> {
              boolean known = activations.anchor().of(g, p).hasRemaining();
              if (activations.model().of(g, p).hasRemaining() != known) {
                throw new InvalidInputException(
                    "Activations of producer %d of neuron group %s were given for only one of the two models, expected both or none."
                        .formatted(p, group.name()));
              }
              return known;
            })
        .boxed()
        .toList();
  }

  /** Outputs of the group's producers that are known, at least one. */
  public Features ofActivations(int g, ActivationPair activations) {
    List<List<Integer>> shares =
        shares(observed(anchor.architecture().groups().get(g), g, activations));
    List<Integer> used = shares.stream().flatMap(List::stream).toList();
    ProducerOutputs ofModel = new ProducerOutputs(model.model(), activations.model(), g, used);
    ProducerOutputs ofAnchor = new ProducerOutputs(anchor.model(), activations.anchor(), g, used);
    double largest = Math.max(ofModel.largest(), ofAnchor.largest());
    FeatureUnit unit =
        FeatureUnit.ordinary(largest)
            ? FeatureUnit.one(options.metric())
            : FeatureUnit.of(options.metric(), ofModel.magnitudes(), ofAnchor.magnitudes());
    List<Pair> pairs =
        shares.stream()
            .map(share -> pair(g, outputs(ofModel, share, unit), outputs(ofAnchor, share, unit)))
            .toList();
    return new Features(pairs, unit);
  }

  private List<List<Integer>> shares(List<Integer> producers) {
    return switch (options.residuals()) {
      case JOINT -> List.of(producers);
      case FIRST -> List.of(producers.subList(0, 1));
      case MEAN -> producers.stream().map(List::of).toList();
    };
  }

  private Pair pair(int g, Matrix x, Matrix y) {
    if (x.columns() != y.columns()) {
      throw new InvalidInputException(
          "The features of neuron group %s have length %d in model %s and %d in the anchor %s, expected the same."
              .formatted(
                  anchor.architecture().groups().get(g).name(),
                  x.columns(),
                  model.model().name(),
                  y.columns(),
                  anchor.model().name()));
    }
    return new Pair(x, y);
  }

  private Matrix weights(
      ProducerRows rows, List<Integer> producers, List<GroupMaps> maps, FeatureUnit unit) {
    DeviceModel of = rows.model();
    int n = rows.group().size();
    List<FeatureBlock> blocks = new ArrayList<>();
    for (int p : producers) {
      Producer producer = rows.group().producers().get(p);
      FoldedProducer folded = rows.folded(p);
      Slab slab = of.architecture().tensors().get(producer.weight()).slabs().get(producer.slab());
      blocks.add(
          new FeatureBlock(
              of.slab(producer.weight(), producer.slab()),
              of == anchor ? AxisMaps.identity(slab) : AxisMaps.of(slab, maps),
              producer.outputAxis(),
              producer.firstRow(),
              scale(folded.scale().map(unit::measured), n, unit)));
      folded
          .bias()
          .map(unit::measured)
          .map(arena::upload)
          .ifPresent(bias -> blocks.add(FeatureBlock.vector(bias, n)));
    }
    return FeatureBlock.gather(backend, arena, n, blocks);
  }

  private Optional<Span> scale(Optional<float[]> own, int n, FeatureUnit unit) {
    return own.or(() -> unit.isOne() ? Optional.empty() : Optional.of(unit.factors(n)))
        .map(arena::upload);
  }

  private Matrix outputs(ProducerOutputs outputs, List<Integer> producers, FeatureUnit unit) {
    int n = outputs.neurons();
    List<FeatureBlock> blocks = new ArrayList<>();
    for (int p : producers) {
      Span values = arena.upload(outputs.of(p));
      int d = Math.toIntExact(values.length() / n);
      if (producers.size() == 1 && unit.isOne()) {
        return Matrix.of(values.buffer(), n, d);
      }
      List<AxisMap> axes = List.of(AxisMap.identity(n), AxisMap.identity(d));
      blocks.add(new FeatureBlock(values, axes, 0, 0, scale(Optional.empty(), n, unit)));
    }
    return FeatureBlock.gather(backend, arena, n, blocks);
  }
}
