package org.otfuse.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.otfuse.testkit.FusionChecks.mlp;
import static org.otfuse.testkit.FusionChecks.noisy;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.otfuse.Activations;
import org.otfuse.FusionAccumulator;
import org.otfuse.FusionListener;
import org.otfuse.FusionOptions;
import org.otfuse.InvalidInputException;
import org.otfuse.MarginalKind;
import org.otfuse.Model;
import org.otfuse.ModelSource;
import org.otfuse.Progress;
import org.otfuse.spi.NeuronMap;

/** Weights and activations that are not finite are refused wherever they come in. */
interface FiniteDoorChecks extends FusionChecks {
  private Map<String, Runnable> waysIn(Model good, Model bad) {
    List<Model> models = List.of(good, bad, good);
    List<NeuronMap> maps =
        good.architecture().groups().stream()
            .map(group -> (NeuronMap) new NeuronMap.Identity(group.size()))
            .toList();
    FusionOptions plain = FusionOptions.DEFAULTS;
    return Map.of(
        "fuse", () -> engine().fuse(models, plain),
        "fuse a source", () -> engine().fuse(Streamed.of(models), plain, FusionListener.none()),
        "align", () -> engine().align(bad, good, plain.alignment()),
        "align onto", () -> engine().align(good, bad, plain.alignment()),
        "average", () -> engine().average(models, List.of(0.5, 0.0, 0.5)),
        "carry", () -> engine().carry(bad, maps),
        "choose the anchor",
            () -> engine().chooseAnchor(ModelSource.of(models), plain.alignment(), Progress.none()),
        "accumulate", () -> FusionAccumulator.of(good).add(bad, 0.5));
  }

  @Test
  default void aWeightThatIsNotFiniteIsRefusedWithItsTensorAndPlaceOnEveryWayIn() {
    Model good = mlp(221, 10, 12, 8, 3);
    for (int t = 0; t < good.tensors().size(); t++) {
      float value =
          new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}[t % 3];
      Model bad = noisy("bad", good, 0.1, 222);
      int last = bad.tensors().get(t).remaining() - 1;
      bad.tensors().get(t).put(last, value);
      String message =
          "Tensor %s of model bad has %s at index %d, expected finite numbers."
              .formatted(good.architecture().tensors().get(t).name(), value, last);
      waysIn(good, bad)
          .forEach(
              (way, call) ->
                  assertEquals(
                      message,
                      assertThrows(InvalidInputException.class, call::run, way).getMessage(),
                      way));
    }
    assertEquals(good.tensors(), engine().average(List.of(good), List.of(1.0)).tensors());
  }

  @Test
  default void anActivationThatIsNotFiniteIsRefusedWithItsGroupAndPlace() {
    Model model = mlp(223, 10, 12, 8, 3);
    Activations good = (group, producer) -> model.tensors().get(2 * group);
    String name = model.architecture().groups().get(1).name();
    String node = model.architecture().groups().get(1).producers().get(0).node();
    for (float value : new float[] {Float.NaN, Float.NEGATIVE_INFINITY}) {
      FloatBuffer outputs = FloatBuffer.allocate(96).put(7, value);
      Activations bad = (group, producer) -> group == 1 ? outputs : good.of(group, producer);
      for (MarginalKind marginals : List.of(MarginalKind.UNIFORM, MarginalKind.ACTIVATION)) {
        FusionOptions options = FusionOptions.builder().marginals(marginals).build();
        InvalidInputException e =
            assertThrows(
                InvalidInputException.class,
                () ->
                    engine()
                        .fuse(
                            ModelSource.of(List.of(model, model), List.of(good, bad)),
                            options,
                            FusionListener.none()));
        assertEquals(
            "Activation %s of neuron group %s in model model-223 has %s at index 7, expected finite numbers."
                .formatted(node, name, value),
            e.getMessage());
      }
    }
  }
}
