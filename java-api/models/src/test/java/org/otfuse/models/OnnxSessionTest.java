package org.otfuse.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.otfuse.BackendUnavailableException;
import org.otfuse.InvalidInputException;
import org.otfuse.UnsupportedModelException;

class OnnxSessionTest {
  private static final float[][] WEIGHT = {{1, 2, 0}, {0, 1, -1}};

  private static Dataset pairs(float... values) {
    return Dataset.of("pairs", List.of(2), values, Optional.empty());
  }

  private static String refusal(byte[] onnx, Dataset data) {
    try (OnnxSession session = OnnxSession.open(onnx, "m.onnx")) {
      return assertThrows(InvalidInputException.class, () -> session.logits(data)).getMessage();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {TestModels.ANY, 1, 2, 3, 8})
  void scoresAreTheSameWhateverBatchTheModelWants(long batch) {
    byte[] onnx = TestModels.linear(batch, WEIGHT, 0, 0.5f, 10);
    try (OnnxSession session = OnnxSession.open(onnx, "m.onnx", 1)) {
      float[] logits = session.logits(pairs(1, 2, 3, 4, -1, 0.5f, 0, 0, 2, 1));
      assertArrayEquals(
          new float[] {
            1, 4.5f, 8, /**/ 3, 10.5f, 6, /**/ -1, -1, 9.5f, /**/ 0, 0.5f, 10, /**/ 2, 5.5f, 9
          },
          logits);
    }
  }

  /** The scores of the first image were computed with numpy in float64. */
  @Test
  void theBundledPerceptronGivesTheScoresThatNumpyGives() {
    double[] expected = {
      -1.600577147690516, -2.0392182790496483, -3.159963219890344, -2.404176494580021,
      -2.314805292842214, 2.621911593570037, -1.5509674280448025, 3.7131175026737155,
      -3.2962559729370438, 9.152310854684197
    };
    try (OnnxSession session =
        OnnxSession.open(TestFiles.bytes("fashion-mlp-a.onnx"), "fashion-mlp-a.onnx")) {
      float[] logits = session.logits(Dataset.read(TestFiles.path("fashion-200.npz")).first(1));
      for (int c = 0; c < 10; c++) {
        assertEquals(expected[c], logits[c], 1e-5);
      }
    }
  }

  @Test
  void moreSamplesThanOneBatchAreRunInOrder() {
    float[] values = new float[2 * (OnnxSession.DEFAULT_BATCH + 3)];
    for (int i = 0; i < values.length; i += 2) {
      values[i] = i;
    }
    try (OnnxSession session =
        OnnxSession.open(TestModels.linear(TestModels.ANY, WEIGHT, 0, 0, 0), "m.onnx")) {
      float[] logits = session.logits(pairs(values));
      for (int i = 0; i < values.length / 2; i++) {
        assertEquals(2 * i, logits[3 * i]);
      }
    }
  }

  @Test
  void imagesOfAnotherShapeAreRefusedThoughTheNumberOfValuesIsTheSame() {
    byte[] onnx = TestModels.convolution(TestModels.ANY);
    assertEquals(
        "data set wide has images of shape [1, 3, 2], model m.onnx expects [1, 2, 3]",
        refusal(onnx, Dataset.of("wide", List.of(1, 3, 2), new float[6], Optional.empty())));
    assertEquals(
        "data set flat has images of shape [6], model m.onnx expects [1, 2, 3]",
        refusal(onnx, Dataset.of("flat", List.of(6), new float[6], Optional.empty())));
  }

  @Test
  void whatIsNoModelIsRefused() {
    byte[] bytes = "no model".getBytes(StandardCharsets.UTF_8);
    String message =
        assertThrows(UnsupportedModelException.class, () -> OnnxSession.open(bytes, "x.onnx"))
            .getMessage();
    assertTrue(message.startsWith("model x.onnx can't be loaded by ONNX Runtime: "), message);
    assertEquals(1, message.lines().count());
  }

  @Test
  void anOutputThatIsNoVectorOfScoresIsRefused() throws IOException {
    ModelProto.Builder model =
        ModelProto.parseFrom(TestModels.convolution(TestModels.ANY)).toBuilder();
    model.getGraphBuilder().setOutput(0, TestModels.value("relu"));
    Dataset data = Dataset.of("d", List.of(1, 2, 3), new float[6], Optional.empty());
    try (OnnxSession session = OnnxSession.open(model.build().toByteArray(), "m.onnx")) {
      assertEquals(
          "output relu of model m.onnx has shape [1, 2, 2, 3], expected [1,classes]",
          assertThrows(UnsupportedModelException.class, () -> session.logits(data)).getMessage());
    }
  }

  @Test
  void atLeastOneThreadIsNeeded() {
    assertEquals(
        "0 threads asked, expected at least 1",
        assertThrows(InvalidInputException.class, () -> OnnxSession.open(new byte[0], "m", 0))
            .getMessage());
  }

  @Test
  void closingTwiceIsAllowed() {
    OnnxSession session =
        OnnxSession.open(TestModels.linear(TestModels.ANY, WEIGHT, 0, 0, 0), "m.onnx");
    session.close();
    session.close();
  }

  /** Opens a model in a JVM that believes to be on a machine without native code. */
  static final class Opener {
    public static void main(String[] arguments) {
      for (int attempt = 0; attempt < 2; attempt++) {
        try {
          OnnxSession.open(new byte[0], "m.onnx").close();
        } catch (BackendUnavailableException e) {
          System.out.println(e.getMessage());
        }
      }
    }
  }

  @Test
  void aPlatformWithoutNativeCodeIsNamedEachTime() throws IOException, InterruptedException {
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dos.arch=sparc",
                "-cp",
                System.getProperty("java.class.path"),
                Opener.class.getName())
            .redirectErrorStream(true)
            .start();
    String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, child.waitFor(), output);
    assertEquals(2, output.lines().count(), output);
    assertTrue(
        output
            .lines()
            .allMatch(
                line ->
                    line.endsWith(
                        "sparc (features from weights need no run): Unsupported arch:sparc")),
        output);
  }

  @Test
  void aModelWithoutOutputsIsRefusedInOneSentence() throws IOException {
    ModelProto.Builder model =
        ModelProto.parseFrom(TestModels.linear(1, WEIGHT, 0, 0, 0)).toBuilder();
    model.getGraphBuilder().clearOutput();
    String message =
        assertThrows(
                UnsupportedModelException.class,
                () -> OnnxSession.open(model.build().toByteArray(), "m.onnx"))
            .getMessage();
    assertTrue(message.startsWith("model m.onnx "), message);
  }
}
