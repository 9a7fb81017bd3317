package org.otfuse;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.otfuse.AlignmentOrder.Step;
import org.otfuse.TensorLayout.Slab;
import org.otfuse.spi.AxisMap;
import org.otfuse.spi.Backend;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.Span;

/**
 * What the neurons of a group are compared by: rows of weights (Singh and Jaggi 2020, section 4) or
 * activations. Every coupling that the residual policy asks for has one pair of matrices.
 */
final class GroupFeatures {
  /** Features of the model [n,d] and of the anchor [m,d]. */
  record Pair(Matrix x, Matrix y) {}

  private final Backend backend;
  private final ResidualPolicy policy;
  private final DeviceModel model;
  private final DeviceModel anchor;
  private final Arena arena;

  /** The arena owns the matrices. */
  GroupFeatures(
      Backend backend, ResidualPolicy policy, DeviceModel model, DeviceModel anchor, Arena arena) {
    this.backend = backend;
    this.policy = policy;
    this.model = model;
    this.anchor = anchor;
    this.arena = arena;
  }

  /** Rows of the producers' weights after the input maps, biases appended. */
  List<Pair> ofWeights(Step step, List<GroupMaps> maps) {
    return shares(step.producers()).stream()
        .map(
            producers ->
                pair(
                    step.group(),
                    weights(model, step.group(), producers, maps),
                    weights(anchor, step.group(), producers, maps)))
        .toList();
  }

  /** The group's producers whose outputs are known, of both models. */
  static List<Integer> observed(NeuronGroup group, int g, ActivationPair activations) {
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
  List<Pair> ofActivations(int g, ActivationPair activations) {
    return shares(observed(anchor.architecture().groups().get(g), g, activations)).stream()
        .map(
            share ->
                pair(
                    g,
                    activations(model, activations.model(), g, share),
                    activations(anchor, activations.anchor(), g, share)))
        .toList();
  }

  private List<List<Integer>> shares(List<Integer> producers) {
    return switch (policy) {
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

  private Matrix weights(DeviceModel of, int g, List<Integer> producers, List<GroupMaps> maps) {
    NeuronGroup group = of.architecture().groups().get(g);
    List<FeatureBlock> blocks = new ArrayList<>();
    for (int p : producers) {
      Producer producer = group.producers().get(p);
      FoldedProducer folded = FoldedProducer.of(of.model(), producer, group.size());
      Slab slab = of.architecture().tensors().get(producer.weight()).slabs().get(producer.slab());
      blocks.add(
          new FeatureBlock(
              of.slab(producer.weight(), producer.slab()),
              of == anchor ? AxisMaps.identity(slab) : AxisMaps.of(slab, maps),
              producer.outputAxis(),
              producer.firstRow(),
              folded.scale().map(arena::upload)));
      folded
          .bias()
          .map(arena::upload)
          .ifPresent(bias -> blocks.add(FeatureBlock.vector(bias, group.size())));
    }
    return FeatureBlock.gather(backend, arena, group.size(), blocks);
  }

  private Matrix activations(
      DeviceModel of, Activations activations, int g, List<Integer> producers) {
    int n = of.architecture().groups().get(g).size();
    List<FeatureBlock> blocks = new ArrayList<>();
    for (int p : producers) {
      FloatBuffer outputs = activations.of(g, p);
      Span values = arena.upload(outputs);
      int d = Math.toIntExact(values.length() / n);
      if (producers.size() == 1) {
        return Matrix.of(values.buffer(), n, d);
      }
      List<AxisMap> axes = List.of(AxisMap.identity(n), AxisMap.identity(d));
      blocks.add(new FeatureBlock(values, axes, 0, 0, Optional.empty()));
    }
    return FeatureBlock.gather(backend, arena, n, blocks);
  }
}
