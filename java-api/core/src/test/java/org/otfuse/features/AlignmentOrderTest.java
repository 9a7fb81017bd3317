package org.otfuse.features;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.otfuse.Architecture;
import org.otfuse.NeuronGroup;
import org.otfuse.Producer;
import org.otfuse.TensorLayout;
import org.otfuse.TensorLayout.Axis;
import org.otfuse.TensorLayout.Role;
import org.otfuse.TensorLayout.Segment;
import org.otfuse.TensorLayout.Slab;
import org.otfuse.features.AlignmentOrder.Step;

class AlignmentOrderTest {
  private static final int NONE = -1;

  private final List<TensorLayout> tensors = new ArrayList<>();
  private final List<List<Producer>> producers = new ArrayList<>();

  /** A layer that reads one group and adds to another. */
  private void layer(int input, int output) {
    while (producers.size() <= output) {
      producers.add(new ArrayList<>());
    }
    String name = "layer" + tensors.size();
    Axis read =
        input == NONE ? Axis.plain(4) : new Axis(Role.INPUT, List.of(new Segment(input, 1, 4)));
    Axis written = new Axis(Role.OUTPUT, List.of(new Segment(output, 1, 4)));
    producers
        .get(output)
        .add(
            new Producer(
                name,
                tensors.size(),
                0,
                0,
                0,
                OptionalInt.empty(),
                Optional.empty(),
                0,
                new Producer.Tap(name, 1, 0)));
    tensors.add(new TensorLayout(name, List.of(4, 4), List.of(new Slab(List.of(written, read)))));
  }

  private Architecture architecture(Integer... pinned) {
    List<NeuronGroup> groups = new ArrayList<>();
    for (int g = 0; g < producers.size(); g++) {
      Optional<String> reason =
          List.of(pinned).contains(g) ? Optional.of("graph output") : Optional.empty();
      groups.add(new NeuronGroup("group" + g, 4, reason, producers.get(g)));
    }
    return new Architecture(tensors, groups, List.of());
  }

  @Test
  void aChainIsAlignedFromTheInputOn() {
    layer(NONE, 0);
    layer(0, 1);
    layer(1, 2);
    assertEquals(
        List.of(new Step(0, List.of(0)), new Step(1, List.of(0)), new Step(2, List.of(0))),
        AlignmentOrder.of(architecture()));
  }

  @Test
  void aResidualStreamGoesAheadWithoutTheBlocksThatReadIt() {
    layer(NONE, 0); // stem
    layer(0, 1); // first convolution of block 1
    layer(1, 0); // second one, added to the stream
    layer(0, 2);
    layer(2, 0);
    assertEquals(
        List.of(new Step(0, List.of(0)), new Step(1, List.of(0)), new Step(2, List.of(0))),
        AlignmentOrder.of(architecture()));
  }

  @Test
  void aDownsamplingBlockIsAlignedByBothOfItsProducers() {
    layer(NONE, 0); // stream of stage 1
    layer(0, 1); // shortcut into the stream of stage 2
    layer(0, 2); // first convolution of the block
    layer(2, 1); // second one
    layer(1, 3); // next block
    layer(3, 1);
    assertEquals(
        List.of(
            new Step(0, List.of(0)),
            new Step(2, List.of(0)),
            new Step(1, List.of(0, 1)),
            new Step(3, List.of(0))),
        AlignmentOrder.of(architecture()));
  }

  @Test
  void pinnedGroupsCountAsMappedAndAreNotAligned() {
    layer(NONE, 0);
    layer(0, 1);
    assertEquals(List.of(new Step(1, List.of(0))), AlignmentOrder.of(architecture(0)));
  }

  @Test
  void aGroupThatOnlyReadsItselfIsLeftOut() {
    layer(0, 0);
    assertEquals(List.of(), AlignmentOrder.of(architecture()));
  }
}
