package org.otfuse.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.otfuse.models.OnnxFusionResult;

/** What is written and what is refused when neurons cannot be aligned, or only some. */
class FusionDemandsTest {
  private static final String PINNED_BY = "CumSum c is an operator that is not known";
  private static final String WARNING =
      "Some neurons stay as they are in the anchor: " + PINNED_BY + ".";

  @TempDir private Path folder;

  private CommandRun fuse(List<Path> models, Object... options) {
    List<Object> words = new ArrayList<>(List.of("fuse", "-o", fused(), "--backend", "java"));
    words.addAll(models);
    words.addAll(Arrays.asList(options));
    return CommandRun.of(words.toArray());
  }

  private Path fused() {
    return folder.resolve("fused.onnx");
  }

  private void refused(int status, String sentence, CommandRun run) {
    assertEquals("otfuse: " + sentence + "\n", run.err());
    assertEquals(status, run.status());
    assertFalse(Files.exists(fused()));
  }

  /** Two networks, in which 6 of 8 hidden neurons have to stay and 2 may move. */
  private List<Path> pinned() throws IOException {
    return List.of(
        TinyModel.pinned(folder.resolve("a.onnx"), 1, 6, 2),
        TinyModel.pinned(folder.resolve("b.onnx"), 2, 6, 2));
  }

  private List<Path> free() throws IOException {
    return List.of(
        TinyModel.mlp(folder.resolve("c.onnx"), 1, 3, 6, 2),
        TinyModel.mlp(folder.resolve("d.onnx"), 2, 3, 6, 2));
  }

  private List<Path> linear() throws IOException {
    return List.of(
        TinyModel.mlp(folder.resolve("e.onnx"), 1, 3, 2),
        TinyModel.mlp(folder.resolve("f.onnx"), 2, 3, 2));
  }

  @Test
  void oneLineTellsHowManyNeuronsWereAligned() throws IOException {
    CommandRun run = fuse(pinned());
    assertEquals(0, run.status(), run.err());
    assertTrue(
        run.out()
            .contains(
                "Aligned 25.00 % of 8 hidden neurons; 1 group left in place: h1 (6 neurons: "
                    + PINNED_BY
                    + ").\n"),
        run.out());
    assertTrue(fuse(free()).out().contains("\nAligned 100.00 % of 6 hidden neurons.\n"));
  }

  @Test
  void jsonListsTheGroupsThatStay() throws IOException {
    JsonObject found = fuse(pinned(), "--json").json().getAsJsonObject("alignment");
    assertEquals(8, found.get("neurons").getAsInt());
    assertEquals(2, found.get("aligned").getAsInt());
    assertEquals(0.25, found.get("share").getAsDouble());
    JsonObject group = found.getAsJsonArray("left").get(0).getAsJsonObject();
    assertEquals("h1", group.get("name").getAsString());
    assertEquals(6, group.get("neurons").getAsInt());
    assertEquals(PINNED_BY, group.get("reason").getAsString());
  }

  @Test
  void strictRefusesAnyWarning() throws IOException {
    refused(
        1,
        "--strict allows no warning and there is one, nothing is written: " + WARNING,
        fuse(pinned(), "--strict"));
    assertEquals(0, fuse(free(), "--strict").status());
  }

  @Test
  void aSmallerShareThanDemandedIsRefused() throws IOException {
    refused(
        1,
        "2 of 8 hidden neurons are aligned, a share of 0.2500, expected --min-aligned 0.26; nothing is"
            + " written.",
        fuse(pinned(), "--min-aligned", "0.26"));
    assertEquals(0, fuse(pinned(), "--min-aligned", "0.25").status());
    assertEquals(0, fuse(free(), "--min-aligned", "1").status());
  }

  @Test
  void neitherIsThePageWritten() throws IOException {
    Path page = folder.resolve("page.html");
    refused(
        1,
        "--strict allows no warning and there is one, nothing is written: " + WARNING,
        fuse(pinned(), "--strict", "--report", page));
    assertFalse(Files.exists(page));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-0.1", "1.5", "NaN"})
  void aShareOutOfRangeIsRefused(String share) throws IOException {
    refused(
        2,
        "--min-aligned is " + share + ", expected a share of 0 to 1.",
        fuse(free(), "--min-aligned", share));
  }

  @Test
  void withoutNeuronsToAlignThereIsNoFusionUnlessIdentityIsAskedFor() throws IOException {
    refused(
        2,
        "No hidden neurons of the models can be aligned (they have none), expected --solver identity"
            + " to average them as they are.",
        fuse(linear()));
    CommandRun plain = fuse(linear(), "--solver", "identity");
    assertEquals(0, plain.status(), plain.err());
    assertTrue(plain.out().contains("Aligned 0.00 % of 0 hidden neurons."), plain.out());
    assertTrue(
        fuse(free(), "--solver", "identity")
            .out()
            .contains(
                "Aligned 0.00 % of 6 hidden neurons; 1 group left in place: h1 (6 neurons: nothing"
                    + " aligned it)."));
  }

  @Test
  void ofManyWarningsTheFirstIsShown() {
    FusionReport report =
        new FusionReport(
            "java",
            0,
            List.of(0.5, 0.5),
            "transport",
            "none",
            new OnnxFusionResult.Seconds(0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
            List.of(),
            List.of(),
            List.of(),
            null,
            List.of("one.", "two.", "three.", "four."),
            new AlignedShare(0, 0, 0, List.of()));
    StringWriter text = new StringWriter();
    new FusionText(report).print(new PrintWriter(text), fused());
    assertEquals(
        List.of("warning: one.", "warning: 3 more, which --json and 'otfuse inspect' list."),
        text.toString().lines().filter(line -> line.startsWith("warning")).toList());
  }
}
