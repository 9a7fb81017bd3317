package org.otfuse.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.otfuse.testkit.FusionChecks.mlp;
import static org.otfuse.testkit.FusionChecks.noisy;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.otfuse.Coupling;
import org.otfuse.FusionOptions;
import org.otfuse.FusionResult;
import org.otfuse.GroupReport;
import org.otfuse.Model;
import org.otfuse.ModelSource;
import org.otfuse.Solver;
import org.otfuse.spi.NeuronMap;

/** What an observer of a fusion gets to see. */
interface ObserverChecks extends FusionChecks {
  private FusionResult observed(
      List<Model> models, FusionOptions options, BiConsumer<GroupReport, Coupling> hearing) {
    return engine().fuse(ModelSource.of(models), options, new CouplingListener(hearing));
  }

  @Test
  default void theCouplingOfAPermutedCopyIsThePermutation() {
    Model anchor = mlp(61, 10, 16, 12, 3);
    Samples samples = new Samples(62);
    List<int[]> orders = List.of(samples.permutation(16), samples.permutation(12));
    List<NeuronMap> maps = new ArrayList<>();
    orders.forEach(order -> maps.add(new NeuronMap.Hard(order, order.length)));
    Model copy = engine().carry(anchor, maps);
    List<Coupling> couplings = new ArrayList<>();
    observed(
        List.of(anchor, copy),
        FusionOptions.DEFAULTS,
        (report, coupling) -> couplings.add(coupling));
    assertEquals(2, couplings.size());
    for (int g = 0; g < 2; g++) {
      int[] order = orders.get(g);
      int n = order.length;
      int fixed = 0;
      for (int i = 0; i < n; i++) {
        fixed += order[i] == i ? 1 : 0;
        for (int j = 0; j < n; j++) {
          float expected = order[i] == j ? 1f / n : 0;
          assertEquals(expected, couplings.get(g).values()[i * n + j]);
        }
      }
      assertEquals((double) fixed / n, couplings.get(g).diagonalShare().orElseThrow(), 1e-6);
    }
  }

  @Test
  default void theIdentityCostIsTheMeanDistanceOfNeuronsInTheSamePlace() {
    Model anchor = mlp(63, 10, 16, 3);
    Model model = mlp(64, 10, 16, 3);
    List<Coupling> couplings = new ArrayList<>();
    observed(
        List.of(anchor, model),
        FusionOptions.DEFAULTS,
        (report, coupling) -> couplings.add(coupling));
    double sum = 0;
    for (int i = 0; i < 16; i++) {
      double squares = Math.pow(bias(model, i) - bias(anchor, i), 2);
      for (int k = 0; k < 10; k++) {
        squares += Math.pow(weight(model, i * 10 + k) - weight(anchor, i * 10 + k), 2);
      }
      sum += Math.sqrt(squares);
    }
    assertEquals(sum / 16, couplings.get(0).identityCost().orElseThrow(), 1e-4);
  }

  private static double weight(Model model, int index) {
    return model.tensors().get(0).get(index);
  }

  private static double bias(Model model, int index) {
    return model.tensors().get(1).get(index);
  }

  @Test
  default void couplingsOfUnequalWidthsHoldTheirMarginals() {
    List<Model> models = List.of(mlp(65, 10, 16, 3), mlp(66, 10, 12, 3));
    for (Solver solver : List.of(Solver.EXACT, Solver.SINKHORN)) {
      List<Coupling> couplings = new ArrayList<>();
      observed(
          models,
          FusionOptions.builder().solver(solver).build(),
          (report, coupling) -> couplings.add(coupling));
      Coupling coupling = couplings.get(0);
      assertEquals(12, coupling.rows());
      assertEquals(16, coupling.columns());
      assertTrue(coupling.identityCost().isEmpty());
      assertTrue(coupling.diagonalShare().isEmpty());
      double[] columns = new double[16];
      for (int i = 0; i < 12; i++) {
        double row = 0;
        for (int j = 0; j < 16; j++) {
          row += coupling.values()[i * 16 + j];
          columns[j] += coupling.values()[i * 16 + j];
        }
        assertEquals(1.0 / 12, row, 1e-5);
      }
      for (double column : columns) {
        assertEquals(1.0 / 16, column, 1e-5);
      }
    }
  }

  @Test
  default void watchingChangesNothingAndTheLastWordIsThatOfTheResult() {
    Model first = mlp(67, 16, 20, 12, 3);
    List<Model> models =
        List.of(first, permuted(noisy("second", first, 0.5, 1), 2), mlp(69, 16, 20, 12, 3));
    FusionOptions options =
        FusionOptions.builder().solver(Solver.SINKHORN).sweeps(3).anchor(1).build();
    Map<String, GroupReport> last = new LinkedHashMap<>();
    FusionResult watched =
        observed(
            models,
            options,
            (report, coupling) -> last.put(report.model() + report.name(), report));
    FusionResult alone = engine().fuse(models, options);
    assertEquals(watched.groups(), List.copyOf(last.values()));
    assertTrue(watched.groups().stream().allMatch(g -> g.solver().equals("descent")));
    List<FloatBuffer> tensors = alone.model().tensors();
    for (int t = 0; t < tensors.size(); t++) {
      for (int i = 0; i < tensors.get(t).remaining(); i++) {
        assertEquals(tensors.get(t).get(i), watched.model().tensors().get(t).get(i), SAME);
      }
    }
  }
}
