package org.otfuse.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerifyCommandTest {
  @TempDir private Path folder;

  private Path file(String name) {
    return folder.resolve(name);
  }

  @Test
  void ofTwoModelsNobodyReadsThatTheyAreAlike() throws IOException {
    Path a = TinyModel.mlp(file("a.onnx"), 1, 3, 6, 4, 2);
    Path b = TinyModel.mlp(file("b.onnx"), 2, 3, 6, 4, 2);
    CommandRun run = CommandRun.of("verify", a, b);
    assertEquals(0, run.status(), run.err());
    assertTrue(
        run.out()
            .contains(
                "b.onnx, with its neurons reordered to a.onnx's, still computes what b.onnx computes"
                    + " (largest difference "),
        run.out());
    assertTrue(
        run.out().endsWith("This does not compare a.onnx with b.onnx: use 'otfuse compare'.\n"),
        run.out());
    assertFalse(run.out().contains("same function"), run.out());
  }

  @Test
  void aModelOfTwoInputsIsRunOnRandomValuesForBoth() throws IOException {
    Path a = TinyModel.masked(file("a.onnx"), 1);
    Path b = TinyModel.masked(file("b.onnx"), 2);
    CommandRun one = CommandRun.of("verify", a);
    assertEquals(0, one.status(), one.err());
    assertTrue(
        one.out()
            .contains(
                "permuting neurons leaves the outputs unchanged on random values for its 2 inputs"),
        one.out());
    CommandRun two = CommandRun.of("verify", a, b);
    assertEquals(0, two.status(), two.err());
    assertTrue(two.out().contains("on random values for its 2 inputs; at most"), two.out());
  }

  @Test
  void filesOfOneNameAreToldApart() throws IOException {
    Path a = TinyModel.mlp(file("a.onnx"), 1, 3, 6, 2);
    CommandRun run = CommandRun.of("verify", a, a);
    assertTrue(run.out().startsWith("neuron group"), run.out());
    assertTrue(run.out().contains(a + ", with its neurons reordered to " + a + "'s"), run.out());
  }

  @Test
  void openSizesAreShownAsOpen() throws IOException {
    Path open = TinyModel.open(file("open.onnx"), 1);
    CommandRun run = CommandRun.of("verify", open);
    assertEquals(2, run.status());
    assertEquals(
        "otfuse: Input image of open.onnx has shape [?, ?], expected samples by --data DATA.npz.\n",
        run.err());
  }
}
