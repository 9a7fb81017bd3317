package org.otfuse.cli.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.otfuse.Architecture;
import org.otfuse.NeuronGroup;
import org.otfuse.Producer;
import org.otfuse.TensorLayout;
import org.otfuse.TensorLayout.Axis;
import org.otfuse.TensorLayout.Role;
import org.otfuse.TensorLayout.Segment;
import org.otfuse.TensorLayout.Slab;

/**
 * The architecture of a ResNet18 for small images (stem of 3x3, widths 64 to 512, ten classes),
 * every convolution followed by a BatchNormalization; 11.2 million parameters.
 */
final class ResNet18 {
  private static final int[] WIDTHS = {64, 128, 256, 512};
  private static final double EPSILON = 1e-5;

  private final List<TensorLayout> tensors = new ArrayList<>();
  private final List<List<Producer>> producers = new ArrayList<>();
  private final List<Integer> sizes = new ArrayList<>();

  private ResNet18() {}

  static Architecture architecture() {
    return new ResNet18().build();
  }

  private Architecture build() {
    int stream = group(WIDTHS[0]);
    convolution(Axis.plain(3), stream, 3);
    for (int width : WIDTHS) {
      stream = block(stream, width, width != WIDTHS[0]);
      stream = block(stream, width, false);
    }
    tensor("classes.weight", Axis.plain(10), reads(stream));
    tensor("classes.bias", Axis.plain(10));
    List<NeuronGroup> groups = new ArrayList<>();
    for (int g = 0; g < sizes.size(); g++) {
      String name = producers.get(g).get(0).node();
      groups.add(new NeuronGroup(name, sizes.get(g), Optional.empty(), producers.get(g)));
    }
    return new Architecture(tensors, groups, List.of());
  }

  /** Two convolutions and what is added to them; returns the stream behind. */
  private int block(int stream, int width, boolean downsample) {
    int inner = group(width);
    convolution(reads(stream), inner, 3);
    int next = downsample ? group(width) : stream;
    convolution(reads(inner), next, 3);
    if (downsample) {
      convolution(reads(stream), next, 1);
    }
    return next;
  }

  private int group(int size) {
    sizes.add(size);
    producers.add(new ArrayList<>());
    return sizes.size() - 1;
  }

  private Axis reads(int group) {
    return new Axis(Role.INPUT, List.of(new Segment(group, 1, sizes.get(group))));
  }

  private void convolution(Axis input, int output, int kernel) {
    Axis axis = new Axis(Role.OUTPUT, List.of(new Segment(output, 1, sizes.get(output))));
    String name = "convolution" + tensors.size();
    int weight = tensor(name, axis, input, Axis.plain(kernel), Axis.plain(kernel));
    int gamma = tensor(name + ".gamma", axis);
    int beta = tensor(name + ".beta", axis);
    int mean = tensor(name + ".mean", axis);
    int variance = tensor(name + ".variance", axis);
    Producer.Normalization normalization =
        new Producer.Normalization(gamma, beta, mean, variance, EPSILON);
    producers
        .get(output)
        .add(
            new Producer(
                name,
                weight,
                0,
                0,
                0,
                OptionalInt.empty(),
                Optional.of(normalization),
                0,
                new Producer.Tap(name, 1, 0)));
  }

  private int tensor(String name, Axis... axes) {
    List<Integer> shape = List.of(axes).stream().map(Axis::size).toList();
    tensors.add(new TensorLayout(name, shape, List.of(new Slab(List.of(axes)))));
    return tensors.size() - 1;
  }
}
