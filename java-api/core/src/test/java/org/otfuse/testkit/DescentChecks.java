package org.otfuse.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.otfuse.testkit.FusionChecks.assertSameWeights;
import static org.otfuse.testkit.FusionChecks.mlp;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.otfuse.AlignedModel;
import org.otfuse.AlignmentOptions;
import org.otfuse.Architecture;
import org.otfuse.FusionOptions;
import org.otfuse.FusionResult;
import org.otfuse.InvalidInputException;
import org.otfuse.Model;
import org.otfuse.NeuronGroup;
import org.otfuse.Producer;
import org.otfuse.Solver;
import org.otfuse.TensorLayout;
import org.otfuse.TensorLayout.Axis;
import org.otfuse.TensorLayout.Role;
import org.otfuse.TensorLayout.Segment;
import org.otfuse.TensorLayout.Slab;
import org.otfuse.spi.NeuronMap;

/** Coordinate descent over the maps (Ainsworth et al. 2023). */
interface DescentChecks extends FusionChecks {
  private static FusionOptions descent(Solver solver, int sweeps) {
    return FusionOptions.builder().solver(solver).sweeps(sweeps).build();
  }

  private static double innerProduct(Model x, Model y) {
    double sum = 0;
    for (int t = 0; t < x.tensors().size(); t++) {
      for (int i = 0; i < x.tensors().get(t).remaining(); i++) {
        sum += (double) x.tensors().get(t).get(i) * y.tensors().get(t).get(i);
      }
    }
    return sum;
  }

  /** Fails if exchanging two neurons of any group brings the model closer to the anchor. */
  private void assertNoExchangeHelps(Model aligned, Model anchor) {
    double reached = innerProduct(aligned, anchor);
    List<NeuronGroup> groups = anchor.architecture().groups();
    for (int g = 0; g < groups.size(); g++) {
      for (int i = 0; i < groups.get(g).size(); i++) {
        for (int j = 0; j < i; j++) {
          double other = innerProduct(exchanged(aligned, g, i, j), anchor);
          assertTrue(other <= reached + 1e-3, "group " + g + ", neurons " + i + " and " + j);
        }
      }
    }
  }

  private Model exchanged(Model model, int group, int i, int j) {
    List<NeuronMap> maps = new ArrayList<>();
    for (NeuronGroup g : model.architecture().groups()) {
      maps.add(new NeuronMap.Identity(g.size()));
    }
    int[] order = IntStream.range(0, maps.get(group).sourceSize()).toArray();
    order[i] = j;
    order[j] = i;
    maps.set(group, new NeuronMap.Hard(order, order.length));
    return engine().carry(model, maps);
  }

  @Test
  default void descentFindsAPermutedCopyFromTheIdentity() {
    Model model = mlp(51, 20, 33, 17, 5);
    Model copy = permuted(model, 1);
    FusionResult result = engine().fuse(List.of(model, copy), descent(Solver.IDENTITY, 20));
    assertSameWeights(model, result.model(), SAME);
    assertTrue(result.groups().stream().allMatch(g -> g.solver().equals("descent")));
    assertEquals(0, result.sweeps().get(0));
    assertTrue(result.sweeps().get(1) >= 2 && result.sweeps().get(1) < 20);
  }

  @Test
  default void descentFromAnOptimumStopsAfterOneSweep() {
    Model model = mlp(52, 20, 33, 17, 5);
    AlignedModel aligned =
        engine().align(permuted(model, 2), model, descent(Solver.EXACT, 9).alignment());
    assertEquals(1, aligned.sweeps());
    assertEquals(model.tensors(), aligned.model().tensors());
    assertTrue(aligned.groups().stream().allMatch(g -> g.solver().equals("exact")));
  }

  @Test
  default void descentEndsWhereNoExchangeOfNeuronsHelps() {
    Model anchor = mlp(53, 12, 14, 11, 4);
    Model other = mlp(54, 12, 14, 11, 4);
    AlignedModel before = engine().align(other, anchor, AlignmentOptions.DEFAULTS);
    AlignedModel after = engine().align(other, anchor, descent(Solver.EXACT, 50).alignment());
    assertTrue(after.sweeps() < 50);
    assertTrue(innerProduct(after.model(), anchor) > innerProduct(before.model(), anchor) + 1e-3);
    assertNoExchangeHelps(after.model(), anchor);
  }

  @Test
  default void descentOfAResidualNetworkEndsWhereNoExchangeOfNeuronsHelps() {
    Architecture architecture = ResidualMlp.architecture(8, 3, 9, 6, 7, 8, 5);
    Model anchor = Mlp.random("anchor", architecture, 55);
    Model other = Mlp.random("other", architecture, 56);
    AlignedModel after = engine().align(other, anchor, descent(Solver.IDENTITY, 50).alignment());
    assertTrue(after.sweeps() < 50);
    assertNoExchangeHelps(after.model(), anchor);
  }

  /**
   * Two layers side by side whose outputs are concatenated before one layer that reads two indices
   * of each neuron of the first and three of the second.
   */
  private static Architecture concatenated() {
    Axis first = new Axis(Role.OUTPUT, List.of(new Segment(0, 1, 9)));
    Axis second = new Axis(Role.OUTPUT, List.of(new Segment(1, 1, 7)));
    Axis both = new Axis(Role.INPUT, List.of(new Segment(0, 2, 18), new Segment(1, 3, 21)));
    return new Architecture(
        List.of(
            tensor("first", first, Axis.plain(10)),
            tensor("second", second, Axis.plain(10)),
            tensor("last", Axis.plain(4), both)),
        List.of(group("first", 0, 9), group("second", 1, 7)),
        List.of());
  }

  private static TensorLayout tensor(String name, Axis... axes) {
    List<Integer> shape = Arrays.stream(axes).map(Axis::size).toList();
    return new TensorLayout(name, shape, List.of(new Slab(List.of(axes))));
  }

  private static NeuronGroup group(String name, int weight, int size) {
    Producer producer =
        new Producer(
            name,
            weight,
            0,
            0,
            0,
            OptionalInt.empty(),
            Optional.empty(),
            0,
            new Producer.Tap(name, 1, 0));
    return new NeuronGroup(name, size, Optional.empty(), List.of(producer));
  }

  @Test
  default void descentReadsBlocksAndConcatenatedAxes() {
    Model anchor = Mlp.random("anchor", concatenated(), 57);
    Model copy = permuted(anchor, 3);
    assertEquals(
        anchor.tensors(),
        engine().align(copy, anchor, descent(Solver.IDENTITY, 20).alignment()).model().tensors());
    Model other = Mlp.random("other", concatenated(), 58);
    AlignedModel after = engine().align(other, anchor, descent(Solver.EXACT, 50).alignment());
    assertNoExchangeHelps(after.model(), anchor);
  }

  @Test
  default void groupsOfUnequalWidthsKeepTheirMaps() {
    Model narrow = mlp(59, 12, 9, 8, 3);
    Model wide = mlp(60, 12, 9, 13, 3);
    FusionResult result = engine().fuse(List.of(wide, narrow), descent(Solver.EXACT, 20));
    assertEquals("exact", result.groups().get(1).solver());
    FusionResult without = engine().fuse(List.of(wide, narrow), FusionOptions.DEFAULTS);
    assertEquals(
        without.groups().get(1).transport().transportCost(),
        result.groups().get(1).transport().transportCost());
    assertTrue(result.sweeps().get(1) >= 1);
  }

  @Test
  default void descentTurnsSoftMapsIntoHardOnes() {
    Model anchor = mlp(61, 12, 14, 11, 4);
    Model other = mlp(62, 12, 14, 11, 4);
    AlignedModel aligned = engine().align(other, anchor, descent(Solver.SINKHORN, 50).alignment());
    for (int t = 0; t < anchor.tensors().size(); t++) {
      assertArrayEquals(sorted(other.tensors().get(t)), sorted(aligned.model().tensors().get(t)));
    }
  }

  private static float[] sorted(FloatBuffer tensor) {
    float[] values = new float[tensor.remaining()];
    tensor.duplicate().get(values);
    Arrays.sort(values);
    return values;
  }

  @Test
  default void theSameSeedGivesTheSameBitsAndTheLimitOfSweepsHolds() {
    Model anchor = mlp(63, 16, 30, 30, 30, 4);
    Model other = mlp(64, 16, 30, 30, 30, 4);
    for (long seed = 0; seed < 3; seed++) {
      FusionOptions options =
          FusionOptions.builder().solver(Solver.IDENTITY).sweeps(2).seed(seed).build();
      AlignedModel first = engine().align(other, anchor, options.alignment());
      assertEquals(2, first.sweeps());
      assertEquals(
          first.model().tensors(),
          engine().align(other, anchor, options.alignment()).model().tensors());
    }
  }

  @Test
  default void withoutSweepsTheIdentityIsThePlainAverage() {
    Model a = mlp(65, 8, 9, 3);
    Model b = mlp(66, 8, 9, 3);
    assertEquals(
        engine().average(List.of(a, b), List.of(0.5, 0.5)).tensors(),
        engine().fuse(List.of(a, b), descent(Solver.IDENTITY, 0)).model().tensors());
    assertEquals(
        "Neuron group layer0 has 10 neurons in model model-67 and 9 in the anchor, and no solver"
            + " to align them by.",
        assertThrows(
                InvalidInputException.class,
                () -> engine().align(mlp(67, 8, 10, 3), a, descent(Solver.IDENTITY, 5).alignment()))
            .getMessage());
  }
}
