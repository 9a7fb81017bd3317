package org.otfuse.models.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.otfuse.BackendChoice;
import org.otfuse.FusionEngine;
import org.otfuse.FusionListener;
import org.otfuse.FusionOptions;
import org.otfuse.FusionResult;
import org.otfuse.ModelSource;
import org.otfuse.Progress;
import org.otfuse.models.Dataset;
import org.otfuse.models.GraphBuilder;
import org.otfuse.models.OnnxActivations;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.Permuter;
import org.otfuse.models.statistics.ActivationMoments;
import org.otfuse.models.statistics.Statistics;

/** Layers whose output has no samples on axis 0 are left out of calibration; the rest goes on. */
class HiddenLayerTest {
  private static final int INPUTS = 6;

  private static Dataset samples(int count) {
    Random random = new Random(5);
    float[] values = new float[count * INPUTS];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Dataset.of("samples", List.of(INPUTS), values, Optional.empty());
  }

  /** A vector from a table at a constant place is added to what a layer computes. */
  static OnnxModel embedding(int batch) {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.input("x", batch, INPUTS);
    String row = g.node("Gather", List.of(g.weight("table", 4, 8), g.integers("place", 2)));
    String h = g.relu(g.node("Add", List.of(g.gemm(x, INPUTS, 8), row)));
    String k = g.relu(g.gemm(h, 8, 7));
    g.output(g.gemm(k, 7, 3), batch, 3);
    return g.read();
  }

  /** The first layer keeps samples in columns. */
  static OnnxModel columns() {
    GraphBuilder g = new GraphBuilder(17);
    String x = g.node("Transpose", List.of(g.input("x", 0, INPUTS)));
    String h = g.relu(g.node("MatMul", List.of(g.weight("left", 8, INPUTS), x)));
    String turned = g.node("Transpose", List.of(h));
    String k = g.relu(g.gemm(turned, 8, 7));
    g.output(g.gemm(k, 7, 3), 0, 3);
    return g.read();
  }

  private static OnnxActivations activations(OnnxModel model, Dataset samples) {
    return OnnxActivations.capture(
        model.toBytes(), "m", model.model().architecture(), samples, 64, Progress.none());
  }

  private static ActivationMoments moments(OnnxModel model, Dataset samples) {
    return ActivationMoments.capture(
        model.toBytes(), "m", model.model().architecture(), samples, Progress.none());
  }

  private static void assertWarned(OnnxModel model, String node) {
    assertTrue(
        model
            .model()
            .architecture()
            .warnings()
            .contains(
                "Calibration samples do not show what node "
                    + node
                    + " computes: its output has no samples on axis 0."),
        model.model().architecture().warnings().toString());
  }

  @Test
  void aTableReadAtAConstantPlaceIsLeftOutAndNamed() {
    OnnxModel model = embedding(0);
    assertWarned(model, "Gather0");
    OnnxActivations found = activations(model, samples(20));
    assertEquals(0, found.of(0, 0).remaining());
    assertEquals(8 * 20, found.of(0, 1).remaining());
    assertEquals(0, moments(model, samples(20)).mean(0, 0).length);
    assertEquals(8, moments(model, samples(20)).mean(0, 1).length);
  }

  @Test
  void aFixedBatchIsToldFromATableToo() {
    OnnxModel model = embedding(4);
    assertWarned(model, "Gather0");
    assertEquals(0, activations(model, samples(20)).of(0, 0).remaining());
  }

  @Test
  void samplesInColumnsAreLeftOutAndNamed() {
    OnnxModel model = columns();
    assertWarned(model, "MatMul1");
    OnnxActivations found = activations(model, samples(20));
    assertEquals(0, found.of(0, 0).remaining());
    assertEquals(7 * 20, found.of(1, 0).remaining());
  }

  @Test
  void fusionByActivationsAndRepairGoOnWithTheRest() {
    for (OnnxModel model : List.of(embedding(0), columns())) {
      Dataset samples = samples(50);
      OnnxModel permuted = model.withTensors(Permuter.permute(model.model(), 3));
      try (FusionEngine engine = FusionEngine.open(BackendChoice.JAVA)) {
        FusionResult result =
            engine.fuse(
                ModelSource.of(
                    List.of(model.model(), permuted.model()),
                    List.of(activations(model, samples), activations(permuted, samples))),
                FusionOptions.DEFAULTS,
                FusionListener.none());
        OnnxModel fused = model.withTensors(result.model());
        OnnxModel repaired =
            Statistics.repair(
                fused,
                List.of(moments(model, samples), moments(model, samples)),
                List.of(0.5, 0.5),
                samples,
                Progress.none());
        for (int t = 0; t < model.model().tensors().size(); t++) {
          assertClose(model.model().tensors().get(t), result.model().tensors().get(t));
        }
        assertFalse(repaired.model().tensors().isEmpty());
        for (int t = 0; t < repaired.model().tensors().size(); t++) {
          assertClose(model.model().tensors().get(t), repaired.model().tensors().get(t));
        }
      }
    }
  }

  private static void assertClose(FloatBuffer expected, FloatBuffer found) {
    for (int i = 0; i < expected.remaining(); i++) {
      assertEquals(expected.get(i), found.get(i), 1e-4);
    }
  }
}
