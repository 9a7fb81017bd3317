package org.otfuse.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.otfuse.BackendChoice;
import org.otfuse.FusionEngine;
import org.otfuse.FusionOptions;
import org.otfuse.MarginalKind;
import org.otfuse.Metric;
import org.otfuse.Model;
import org.otfuse.ResidualPolicy;
import org.otfuse.SinkhornSettings;
import org.otfuse.Solver;
import org.otfuse.models.Dataset;
import org.otfuse.models.OnnxModel;

/** The options of alignment do what the options of the library do. */
@Tag("long")
class FuseOptionsTest extends TwoMlps {
  private CommandRun fuse(Object... options) {
    List<Object> arguments = new ArrayList<>(List.of("fuse", "-o", fused, "--backend", "java"));
    arguments.addAll(Arrays.asList(options));
    return CommandRun.of(arguments.toArray());
  }

  private void same(FusionOptions.Builder options, Path first, Path second, Object... words) {
    List<Object> arguments = new ArrayList<>(List.of(first, second));
    arguments.addAll(Arrays.asList(words));
    CommandRun run = fuse(arguments.toArray());
    assertEquals(0, run.status(), run.err());
    try (FusionEngine engine = FusionEngine.open(BackendChoice.JAVA)) {
      List<Model> models = List.of(OnnxModel.read(first).model(), OnnxModel.read(second).model());
      assertEquals(
          engine.fuse(models, options.build()).model().tensors(),
          OnnxModel.read(fused).model().tensors());
      assertNotEquals(
          engine.fuse(models, FusionOptions.DEFAULTS).model().tensors(),
          OnnxModel.read(fused).model().tensors());
    }
  }

  private void refused(String sentence, Object... options) {
    CommandRun run = fuse(options);
    assertEquals("otfuse: " + sentence + "\n", run.err());
    assertEquals(2, run.status());
    assertFalse(Files.exists(fused));
  }

  @Test
  void metricsAreThoseOfTheLibrary() {
    same(FusionOptions.builder().metric(Metric.SQEUCLIDEAN), a, b, "--metric", "sqeuclidean");
    same(FusionOptions.builder().metric(Metric.COSINE), a, b, "--metric", "cosine");
  }

  @Test
  void marginalsAreThoseOfTheLibrary() {
    FusionOptions.Builder options =
        FusionOptions.builder().solver(Solver.SINKHORN).sinkhorn(sinkhorn());
    for (MarginalKind kind : List.of(MarginalKind.L1, MarginalKind.L2)) {
      same(
          options.marginals(kind),
          a,
          b,
          "--marginals",
          Choice.label(kind),
          "--solver",
          "sinkhorn",
          "--epsilon",
          "0.1");
    }
  }

  private static SinkhornSettings sinkhorn() {
    return SinkhornSettings.DEFAULTS.withEpsilon(0.1);
  }

  @Test
  void tauIsThatOfTheLibrary() {
    same(
        FusionOptions.builder().solver(Solver.SINKHORN).sinkhorn(sinkhorn().withTau(0.5)),
        a,
        b,
        "--tau",
        "0.5",
        "--solver",
        "sinkhorn",
        "--epsilon",
        "0.1");
  }

  @Test
  void annealingIsThatOfTheLibrary() {
    same(
        FusionOptions.builder().solver(Solver.SINKHORN).sinkhorn(sinkhorn().withAnnealing(0.5)),
        a,
        b,
        "--annealing",
        "0.5",
        "--solver",
        "sinkhorn",
        "--epsilon",
        "0.1");
  }

  @Test
  void sweepsAndTheirSeedAreThoseOfTheLibrary() {
    same(FusionOptions.builder().sweeps(2).seed(3), a, b, "--sweeps", "2", "--seed", "3");
  }

  @Test
  void residualPoliciesAreThoseOfTheLibrary() throws IOException {
    Path first = CommandRun.file(folder, "fashion-resnet18-folded-a.onnx");
    Path second = CommandRun.file(folder, "fashion-resnet18-folded-b.onnx");
    same(
        FusionOptions.builder().residuals(ResidualPolicy.FIRST),
        first,
        second,
        "--residuals",
        "first");
    same(
        FusionOptions.builder().residuals(ResidualPolicy.MEAN),
        first,
        second,
        "--residuals",
        "mean");
  }

  @Test
  void theAutomaticAnchorIsAModelThatAnotherEquals() throws IOException {
    Path copy = Shuffled.of(a, folder.resolve("copy.onnx")).file();
    Path calibration = folder.resolve("few.npz");
    Dataset.read(CommandRun.file(folder, "fashion-calibration.npz")).first(50).write(calibration);
    List<Object> plain = List.of(b, a, copy, "--anchor", "auto");
    List<Object> repaired = List.of(b, a, copy, "--anchor", "auto", "--calibration", calibration);
    for (List<Object> words : List.of(plain, repaired)) {
      JsonObject report = fuseJson(words);
      int anchor = report.get("anchor").getAsInt();
      assertTrue(anchor == 1 || anchor == 2, report.toString());
      report
          .getAsJsonArray("groups")
          .forEach(g -> assertNotEquals(anchor, g.getAsJsonObject().get("model").getAsInt()));
    }
  }

  private JsonObject fuseJson(List<Object> words) {
    List<Object> all = new ArrayList<>(words);
    all.add("--json");
    return fuse(all.toArray()).json();
  }

  @Test
  void tauIsRefusedWithoutSinkhorn() {
    String sentence =
        "--tau relaxes the marginals of Sinkhorn's couplings and the solver is exact, expected"
            + " --solver sinkhorn.";
    refused(sentence, a, b, "--tau", "1", "--solver", "exact");
    refused(sentence, a, b, "--tau", "1");
  }

  @Test
  void annealingIsRefusedWithoutSinkhorn() {
    refused(
        "--annealing brings Sinkhorn's epsilon down and the solver is exact, expected --solver"
            + " sinkhorn.",
        a,
        b,
        "--annealing",
        "0.9");
  }

  @Test
  void tauIsRefusedWhereTheNetworkLeadsToAnExactSolver() throws IOException {
    refused(
        "--tau relaxes the marginals of Sinkhorn's couplings and the solver is exact, expected"
            + " --solver sinkhorn.",
        a,
        b,
        "--tau",
        "1",
        "--calibration",
        CommandRun.file(folder, "fashion-calibration.npz"));
  }

  @Test
  void marginalsByActivationAreRefusedWithoutActivations() {
    refused(
        "--marginals activation weighs neurons by their activations and the features are weights,"
            + " expected --features activations.",
        a,
        b,
        "--marginals",
        "activation");
  }

  @Test
  void numbersOutOfRangeAreRefused() {
    refused(
        "--tau is -1.0, expected 1.0E-60 to 1.0E60 or infinity.",
        a,
        b,
        "--tau=-1",
        "--solver",
        "sinkhorn");
    refused(
        "--annealing is 1.0, expected a factor of at least 0 and below 1.",
        a,
        b,
        "--annealing=1",
        "--solver",
        "sinkhorn");
    refused("--sweeps is -1, expected 0 or above.", a, b, "--sweeps=-1");
  }

  @Test
  void unknownWordsAreRefusedWithTheKnownOnes() {
    refused(
        "Invalid value for option '--metric': expected one of euclidean, sqeuclidean, cosine but"
            + " was 'manhattan'.\nTry 'otfuse fuse --help'.",
        a,
        b,
        "--metric",
        "manhattan");
    refused(
        "Invalid value for option '--residuals': expected one of joint, first, mean but was"
            + " 'last'.\nTry 'otfuse fuse --help'.",
        a,
        b,
        "--residuals",
        "last");
    refused(
        "Invalid value for option '--marginals': expected one of uniform, l1, l2, activation but"
            + " was 'l3'; did you mean 'l1'?\nTry 'otfuse fuse --help'.",
        a,
        b,
        "--marginals",
        "l3");
    refused(
        "Invalid value for option '--anchor': expected auto or the number of a model from 0 but was"
            + " '-1'.\nTry 'otfuse fuse --help'.",
        a,
        b,
        "--anchor=-1");
  }
}
