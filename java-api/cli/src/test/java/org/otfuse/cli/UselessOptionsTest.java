package org.otfuse.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.otfuse.models.Dataset;

/** Options that have no effect and values out of range are refused in one sentence. */
class UselessOptionsTest extends TwoMlps {
  private void refused(String sentence, List<?> options) {
    List<Object> words = new ArrayList<>(List.of("fuse", a, b, "-o", fused, "--backend", "java"));
    words.addAll(options);
    CommandRun run = CommandRun.of(words.toArray());
    assertEquals("otfuse: " + sentence + "\n", run.err());
    assertEquals(2, run.status());
    assertFalse(Files.exists(fused));
  }

  private Path few() throws IOException {
    Path few = folder.resolve("few.npz");
    Dataset.read(CommandRun.file(folder, "fashion-calibration.npz")).first(8).write(few);
    return few;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--epsilon 0.1 | --epsilon is Sinkhorn's regularisation and the solver is exact",
        "--epsilon 0.1 --solver identity | --epsilon is Sinkhorn's regularisation and the solver is"
            + " identity",
        "--tau 1 --solver identity | --tau relaxes the marginals of Sinkhorn's couplings and the"
            + " solver is identity",
        "--annealing 0.5 --solver exact | --annealing brings Sinkhorn's epsilon down and the solver"
            + " is exact",
      })
  void sinkhornsOptionsNeedSinkhorn(String options, String sentence) {
    refused(sentence + ", expected --solver sinkhorn.", List.of(options.split(" ")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--metric cosine | --metric measures how far neurons are apart",
        "--metric euclidean | --metric measures how far neurons are apart",
        "--marginals l1 | --marginals weighs the neurons of a coupling",
        "--residuals mean | --residuals says how neurons are coupled",
        "--features weights | --features says what neurons are compared by",
        "--metric cosine --sweeps 2 | --metric measures how far neurons are apart",
      })
  void optionsOfCouplingsNeedASolver(String options, String sentence) {
    List<String> words = new ArrayList<>(List.of(options.split(" ")));
    words.addAll(List.of("--solver", "identity"));
    refused(
        sentence + " and the solver is identity, which couples none, expected exact or sinkhorn.",
        words);
  }

  @Test
  void samplesWithoutUseAreRefused() throws IOException {
    Path few = few();
    String noUse =
        "--calibration %s has no use: neurons are not compared by activations, the weights are given"
                .formatted(few)
            + " and --correction is none.";
    refused(noUse, List.of("--calibration", few, "--correction", "none"));
    refused(noUse, List.of("--calibration", few, "--correction", "none", "--solver", "identity"));
    refused(
        "--samples is about calibration samples, expected --calibration DATA.npz.",
        List.of("--samples", "5"));
    refused(
        "--samples says how many samples neurons are compared on and they are not compared by"
            + " activations, expected --features activations.",
        List.of("--calibration", few, "--samples", "5"));
  }

  @Test
  void aSeedWithNothingToDrawIsRefused() throws IOException {
    String sentence =
        "--seed draws the samples that neurons are compared on and orders sweeps, and here is"
            + " neither, expected --features activations or --sweeps.";
    refused(sentence, List.of("--seed", "0"));
    refused(sentence, List.of("--seed", "1", "--calibration", few()));
    refused(sentence, List.of("--seed", "1", "--calibration", few(), "--merge", "transport"));
    for (List<?> options :
        List.of(
            List.of("--sweeps", "1"),
            List.of("--calibration", few(), "--features", "activations"))) {
      List<Object> words = new ArrayList<>(List.of("fuse", a, b, "-o", fused, "--seed", "1"));
      words.addAll(List.of("--backend", "java"));
      words.addAll(options);
      assertEquals(0, CommandRun.of(words.toArray()).status());
    }
  }

  @Test
  void aBackEndThatOnlySelectionWouldUseIsRefused() throws IOException {
    List<Object> words = List.of("fuse", a, b, "-o", fused, "--calibration", few());
    List<Object> select = new ArrayList<>(words);
    select.addAll(List.of("--merge", "select", "--backend"));
    for (String backend : List.of("native", "nd4j", "cuda")) {
      List<Object> named = new ArrayList<>(select);
      named.add(backend);
      CommandRun run = CommandRun.of(named.toArray());
      assertEquals(
          "otfuse: --backend %s aligns and averages neurons and --merge select does neither,"
                  .formatted(backend)
              + " expected --merge transport or --backend java.\n",
          run.err());
      assertEquals(2, run.status());
    }
    select.add("java");
    assertEquals(0, CommandRun.of(select.toArray()).status());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--epsilon 9e-7 --solver sinkhorn | --epsilon is 9.0E-7, expected 1.0E-6 to 1000.0.",
        "--epsilon 1001 --solver sinkhorn | --epsilon is 1001.0, expected 1.0E-6 to 1000.0.",
        "--epsilon NaN --solver sinkhorn | --epsilon is NaN, expected 1.0E-6 to 1000.0.",
        "--epsilon 0 --solver sinkhorn | --epsilon is 0.0, expected 1.0E-6 to 1000.0.",
        "--tau NaN --solver sinkhorn | --tau is NaN, expected 1.0E-60 to 1.0E60 or infinity.",
        "--tau 0 --solver sinkhorn | --tau is 0.0, expected 1.0E-60 to 1.0E60 or infinity.",
        "--annealing NaN --solver sinkhorn | --annealing is NaN, expected a factor of at least 0"
            + " and below 1.",
        "--samples 0 | --samples is 0, expected 1 or above.",
        "--weights 0,0 | The weights [0.0, 0.0] sum to 0.0, expected 1 within 1.0E-6.",
        "--weights NaN,1 | weight 1 is NaN, expected a finite number that is not negative.",
        "--weights 0,Infinity | weight 2 is Infinity, expected a finite number that is not"
            + " negative.",
        "--weights 2,-1 | weight 2 is -1.0, expected a finite number that is not negative.",
        "--weights 1 | 1 weights were given for 2 models, expected one for each.",
        "--weights 0.2,0.3,0.5 | 3 weights were given for 2 models, expected one for each.",
      })
  void numbersOutOfRangeAreRefused(String options, String sentence) {
    refused(sentence, List.of(options.split(" ")));
  }

  @ParameterizedTest
  @CsvSource({
    "--weights=0.5;0.5, --weights",
    "--weights=, --weights",
    "'--weights=0.5,', --weights",
    "--samples=1e3, --samples",
    "--samples=99999999999, --samples",
    "--sweeps=x, --sweeps",
    "--epsilon=, --epsilon",
    "--seed=1.5, --seed",
    "--anchor=99999999999, --anchor",
  })
  void whatIsNoNumberIsRefusedWithTheOption(String word, String option) {
    CommandRun run = CommandRun.of("fuse", a, b, "-o", fused, word);
    assertEquals(2, run.status());
    String start = "otfuse: Invalid value for option '" + option + "'";
    assertEquals(start, run.err().substring(0, Math.min(start.length(), run.err().length())));
    assertEquals(2, run.err().lines().count(), run.err());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "bench --seconds NaN | --seconds is NaN, expected 0 to 3600.",
        "bench --seconds=-1 | --seconds is -1.0, expected 0 to 3600.",
        "bench --seconds Infinity | --seconds is Infinity, expected 0 to 3600.",
        "curve a b --test t --points 1 | --points is 1, expected 2 to 1001.",
        "curve a b --test t --points 1002 | --points is 1002, expected 2 to 1001.",
        "curve a b --test t --epsilon 0.1 | --epsilon is Sinkhorn's regularisation and the solver"
            + " is exact, expected --solver sinkhorn.",
        "backends --backend java | --backend says which one to test, expected --selftest.",
        "verify a b --data t --seed 1 | --seed draws permutations or random samples, of which two"
            + " models with --data need none.",
      })
  void otherCommandsRefuseThemToo(String words, String sentence) {
    CommandRun run = CommandRun.of((Object[]) words.split(" "));
    assertEquals("otfuse: " + sentence + "\n", run.err());
    assertEquals(2, run.status());
    assertEquals("", run.out());
  }
}
