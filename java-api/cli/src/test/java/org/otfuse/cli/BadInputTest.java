package org.otfuse.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.otfuse.BackendStatus;
import org.otfuse.Backends;
import org.otfuse.models.Dataset;

/** Each kind of bad input gives one sentence, exit status 2 and no output file. */
class BadInputTest extends TwoMlps {
  private void refused(String sentence, Object... options) {
    List<Object> arguments = new ArrayList<>(List.of("fuse", "-o", fused));
    arguments.addAll(Arrays.asList(options));
    CommandRun run = CommandRun.of(arguments.toArray());
    assertEquals("otfuse: " + sentence + "\n", run.err());
    assertEquals(2, run.status());
    assertEquals("", run.out());
    assertFalse(Files.exists(fused));
  }

  private void refusedUsage(String sentence, Object... options) {
    refused(sentence + "\nTry 'otfuse fuse --help'.", options);
  }

  private Path edited(Path model, UnaryOperator<TensorProto> edit) throws IOException {
    ModelProto proto = ModelProto.parseFrom(Files.readAllBytes(model));
    GraphProto.Builder graph = proto.getGraph().toBuilder();
    for (int i = 0; i < graph.getInitializerCount(); i++) {
      graph.setInitializer(i, edit.apply(graph.getInitializer(i)));
    }
    Path target = folder.resolve("edited.onnx");
    Files.write(target, proto.toBuilder().setGraph(graph).build().toByteArray());
    return target;
  }

  private Path data(String name, List<Integer> shape, Optional<int[]> labels) {
    Path target = folder.resolve(name);
    int length = shape.stream().reduce(4, Math::multiplyExact);
    Dataset.of(name, shape, new float[length], labels).write(target);
    return target;
  }

  @Test
  void aTruncatedFile() throws IOException {
    Path file = folder.resolve("truncated.onnx");
    Files.write(file, Arrays.copyOf(Files.readAllBytes(a), 100_000));
    CommandRun run = CommandRun.of("fuse", file, b, "-o", fused);
    assertEquals(2, run.status());
    assertEquals(0, run.err().indexOf("otfuse: " + file + " is a truncated or damaged ONNX file"));
    assertEquals(1, run.err().lines().count());
    assertFalse(Files.exists(fused));
  }

  @Test
  void aFileThatIsNotOnnx() throws IOException {
    Path file = Files.writeString(folder.resolve("text.onnx"), "hello");
    CommandRun run = CommandRun.of("fuse", a, file, "-o", fused);
    assertEquals(2, run.status());
    assertEquals(0, run.err().indexOf("otfuse: " + file + " is not an ONNX model"), run.err());
    assertEquals(1, run.err().lines().count());
  }

  @Test
  void aMissingFile() {
    Path missing = folder.resolve("missing.onnx");
    refused("file " + missing + " does not exist.", a, missing);
  }

  @Test
  void aTensorOfTheWrongLength() throws IOException {
    Path file =
        edited(
            a,
            t ->
                t.getName().equals("fc.1.bias")
                    ? t.toBuilder().setRawData(t.getRawData().substring(4)).build()
                    : t);
    CommandRun run = CommandRun.of("fuse", file, b, "-o", fused);
    assertEquals(2, run.status(), run.err());
    assertEquals(true, run.err().contains("fc.1.bias"), run.err());
    assertEquals(1, run.err().lines().count());
  }

  @Test
  void aWeightThatIsNotANumber() throws IOException {
    Path file =
        edited(
            a,
            t -> {
              if (!t.getName().equals("fc.1.weight")) {
                return t;
              }
              ByteBuffer values =
                  ByteBuffer.wrap(t.getRawData().toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
              values.putFloat(4 * 123, Float.NaN);
              return t.toBuilder().setRawData(ByteString.copyFrom(values.array())).build();
            });
    CommandRun run = CommandRun.of("fuse", file, b, "-o", fused);
    assertEquals(2, run.status(), run.err());
    assertEquals(true, run.err().contains("fc.1.weight") && run.err().contains("123"), run.err());
    assertEquals(1, run.err().lines().count());
  }

  @Test
  void modelsThatDiffer() throws IOException {
    Path vgg = CommandRun.file(folder, "fashion-vgg11-a.onnx");
    refused(
        "Model fashion-vgg11-a.onnx cannot be fused with fashion-mlp-a.onnx: node"
            + " /features/features.0/Conv is Conv, expected Flatten as node /Flatten.",
        a,
        vgg);
  }

  @Test
  void differentOutputSizes() throws IOException {
    Path nine =
        edited(
            a,
            t -> {
              if (t.getDims(0) != 10) {
                return t;
              }
              ByteString values = t.getRawData();
              return t.toBuilder()
                  .setDims(0, 9)
                  .setRawData(values.substring(0, values.size() / 10 * 9))
                  .build();
            });
    CommandRun run = CommandRun.of("fuse", b, nine, "-o", fused);
    assertEquals(2, run.status(), run.err());
    assertEquals(true, run.err().contains("[9, 100]") || run.err().contains("9"), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertFalse(Files.exists(fused));
  }

  @Test
  void weightsThatDoNotSumToOne() {
    refused(
        "The weights [0.5, 0.6] sum to 1.1, expected 1 within 1.0E-6.",
        a,
        b,
        "--weights",
        "0.5,0.6");
  }

  @Test
  void calibrationDataOfTheWrongShape() {
    Path data = data("large.npz", List.of(1, 32, 32), Optional.empty());
    refused(
        "data set large.npz has images of shape [1, 32, 32], model fashion-mlp-a.onnx expects [1,"
            + " 28, 28].",
        a,
        b,
        "--calibration",
        data);
  }

  @Test
  void testDataWithoutLabels() {
    Path data = data("unlabelled.npz", List.of(1, 28, 28), Optional.empty());
    refused(
        "data set unlabelled.npz has no labels, expected some to evaluate models.",
        a,
        b,
        "--test",
        data);
  }

  @Test
  void anArchiveWithoutImages() throws IOException {
    Path data = CommandRun.file(folder, "noimages.npz");
    refused("file " + data + " has no array images, only foo.", a, b, "--calibration", data);
  }

  @Test
  void anUnknownBackEnd() {
    refusedUsage(
        "Invalid value for option '--backend': expected one of auto, cuda, native, nd4j, java but"
            + " was 'quantum'.",
        a,
        b,
        "--backend",
        "quantum");
  }

  @Test
  void aBackEndThatCannotBeUsedHere() {
    BackendStatus cuda = Backends.statuses().get(0);
    assumeFalse(cuda.usable());
    CommandRun run = CommandRun.of("fuse", a, b, "-o", fused, "--backend", "cuda");
    assertEquals(2, run.status());
    assertEquals("otfuse: " + cuda.problem().orElseThrow() + "\n", run.err());
    assertEquals(1, run.err().lines().count());
    assertFalse(run.err().contains("class path"), run.err());
    assertFalse(Files.exists(fused));
  }

  @Test
  void anUnwritableTarget() {
    Path target = folder.resolve("missing").resolve("fused.onnx");
    CommandRun run = CommandRun.of("fuse", a, b, "-o", target, "--backend", "java");
    assertEquals(2, run.status());
    assertEquals(
        "otfuse: cannot write "
            + target
            + ": the folder "
            + target.getParent()
            + " does not exist.\n",
        run.err());
  }

  @Test
  void activationsWithoutSamples() {
    refused(
        "--features activations needs samples to run the models on, expected --calibration"
            + " DATA.npz.",
        a,
        b,
        "--features",
        "activations");
  }

  @Test
  void anAnchorOutOfRange() {
    refused("--anchor is 2, expected 0 to 1.", a, b, "--anchor", "2");
  }

  @Test
  void oneModelAlone() {
    CommandRun run = CommandRun.of("fuse", a, "-o", fused);
    assertEquals(2, run.status());
    assertFalse(Files.exists(fused));
  }
}
