package org.otfuse.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.otfuse.BackendChoice;
import org.otfuse.FusionEngine;
import org.otfuse.Model;
import org.otfuse.NeuronGroup;
import org.otfuse.Progress;
import org.otfuse.models.Dataset;
import org.otfuse.models.OnnxModel;
import org.otfuse.spi.NeuronMap;

class PairVerificationTest {
  private static final long SEED = 11;

  @TempDir private static Path folder;

  private static Path file(String name) throws IOException {
    return CommandRun.file(folder, name);
  }

  private static OnnxModel shuffled(FusionEngine engine, OnnxModel model) {
    Random random = new Random(SEED);
    List<NeuronMap> maps = new ArrayList<>();
    for (NeuronGroup group : model.model().architecture().groups()) {
      maps.add(
          group.pinned().isPresent()
              ? new NeuronMap.Identity(group.size())
              : VerifyCommand.permutation(group.size(), random));
    }
    return model.withTensors(engine.carry(model.model(), maps));
  }

  private static PairVerification verify(FusionEngine engine, OnnxModel original, OnnxModel aligned)
      throws IOException {
    Dataset samples = Dataset.read(file("fashion-calibration.npz")).first(32);
    return PairVerification.of(engine, original, aligned, samples, Progress.none());
  }

  @Test
  void aModelInAnotherOrderIsRecognised() throws IOException {
    OnnxModel model = OnnxModel.read(file("fashion-mlp-a.onnx"));
    try (FusionEngine engine = FusionEngine.open(BackendChoice.JAVA)) {
      PairVerification found = verify(engine, model, shuffled(engine, model));
      assertTrue(found.unchanged());
      assertTrue(found.firstChanged().isEmpty());
      assertEquals(4, found.groups().size());
      for (PairVerification.Group group : found.groups().subList(0, 3)) {
        assertTrue(group.moved() > group.size() * 9 / 10, group.toString());
      }
      assertTrue(found.groups().get(3).pinned().isPresent());
    }
  }

  @Test
  void theFirstLayerThatComputesSomethingElseIsNamed() throws IOException {
    OnnxModel model = OnnxModel.read(file("fashion-mlp-a.onnx"));
    try (FusionEngine engine = FusionEngine.open(BackendChoice.JAVA)) {
      OnnxModel shuffled = shuffled(engine, model);
      List<FloatBuffer> tensors = new ArrayList<>(shuffled.model().tensors());
      int weight = model.model().architecture().groups().get(1).producers().get(0).weight();
      FloatBuffer changed = FloatBuffer.allocate(tensors.get(weight).remaining());
      changed.put(tensors.get(weight).duplicate()).rewind();
      changed.put(0, changed.get(0) + 1);
      tensors.set(weight, changed);
      PairVerification found =
          verify(
              engine,
              model,
              shuffled.withTensors(new Model("broken", model.model().architecture(), tensors)));
      assertFalse(found.unchanged());
      assertTrue(found.groups().get(0).unchanged());
      assertEquals("/fc.1/Gemm", found.firstChanged().orElseThrow().name());
    }
  }

  @Test
  void verifyOfTwoModelsShowsEveryLayer() throws IOException {
    for (String pair : List.of("fashion-mlp", "fashion-vgg11", "fashion-resnet18")) {
      CommandRun run =
          CommandRun.of(
              "verify",
              file(pair + "-a.onnx"),
              file(pair + "-b.onnx"),
              "--data",
              file("fashion-calibration.npz"));
      assertEquals(0, run.status(), run.out() + run.err());
      assertTrue(
          run.out()
              .contains(
                  "%s-b.onnx, with its neurons reordered to %s-a.onnx's, still computes what %s-b.onnx"
                      .formatted(pair, pair, pair)),
          run.out());
      assertFalse(run.out().contains("CHANGED"), run.out());
    }
  }

  @Test
  void verifyAlignsByWeightsWithoutData() throws IOException {
    CommandRun run =
        CommandRun.of("verify", file("fashion-mlp-a.onnx"), file("fashion-mlp-b.onnx"));
    assertEquals(0, run.status(), run.out() + run.err());
  }

  @Test
  void otherWidthsAreRefused() throws IOException {
    CommandRun run =
        CommandRun.of("verify", file("fashion-mlp-a.onnx"), file("fashion-mlp-wide.onnx"));
    assertEquals(2, run.status());
    assertEquals(
        "otfuse: Neuron group /fc.0/Gemm has 800 neurons in fashion-mlp-wide.onnx, expected 400 as"
            + " in fashion-mlp-a.onnx: only a permutation keeps the function.\n",
        run.err());
  }
}
