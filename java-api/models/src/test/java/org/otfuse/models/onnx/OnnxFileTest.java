package org.otfuse.models.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataLocation;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.otfuse.InvalidInputException;
import org.otfuse.Model;
import org.otfuse.UnsupportedModelException;
import org.otfuse.models.GraphBuilder;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.TensorInfo;
import org.otfuse.models.ZooTest;
import org.otfuse.models.file.AtomicFile;

/** What a file gives, what comes back into it, and which files are refused. */
class OnnxFileTest {
  @TempDir Path folder;

  /** A network whose only weight is {@code w} of shape [2,3]. */
  private static ModelProto.Builder network() {
    GraphBuilder g = new GraphBuilder(17);
    g.output(g.node("MatMul", List.of(g.input("x", 0, 2), g.weight("w", 2, 3))), 0, 3);
    return g.proto().toBuilder();
  }

  private static TensorProto.Builder weight(ModelProto.Builder model) {
    return model.getGraphBuilder().getInitializerBuilder(0);
  }

  private Path save(ModelProto.Builder model) throws IOException {
    return Files.write(folder.resolve("model.onnx"), model.build().toByteArray());
  }

  private static void assertRefused(Path file, String... parts) {
    RuntimeException e = assertThrows(InvalidInputException.class, () -> OnnxModel.read(file));
    for (String part : parts) {
      assertTrue(e.getMessage().contains(part), e.getMessage());
    }
    assertFalse(e.getMessage().contains("\n"), e.getMessage());
  }

  private static float[] firstTensor(OnnxModel model) {
    FloatBuffer tensor = model.model().tensors().get(0).duplicate();
    float[] values = new float[tensor.remaining()];
    tensor.get(values);
    return values;
  }

  private static ModelProto withoutWeights(ModelProto model) {
    GraphProto.Builder graph = model.getGraph().toBuilder();
    for (int i = 0; i < graph.getInitializerCount(); i++) {
      graph.setInitializer(
          i, graph.getInitializer(i).toBuilder().clearRawData().clearFloatData().build());
    }
    return model.toBuilder().setGraph(graph).build();
  }

  @ParameterizedTest
  @ValueSource(strings = {"mlp-a", "vgg11-a", "resnet18-a", "resnet18-folded-a", "vit-a"})
  void writingWhatWasReadGivesTheSameModel(String name) throws IOException {
    Path out = folder.resolve("out.onnx");
    OnnxModel.read(ZooTest.zoo(name)).write(out);
    assertEquals(
        ModelProto.parseFrom(Files.readAllBytes(ZooTest.zoo(name))),
        ModelProto.parseFrom(Files.readAllBytes(out)));
    assertArrayEquals(Files.readAllBytes(out), OnnxModel.read(out).toBytes());
  }

  @Test
  void otherWeightsLeaveTheRestOfTheFileAsItWas() throws IOException {
    ModelProto.Builder original =
        network()
            .setDocString("about")
            .setUnknownFields(
                UnknownFieldSet.newBuilder()
                    .addField(999, UnknownFieldSet.Field.newBuilder().addVarint(5).build())
                    .build());
    original.addMetadataProps(
        StringStringEntryProto.newBuilder().setKey("author").setValue("somebody"));
    original.getGraphBuilder().getNodeBuilder(0).setDocString("a layer");
    weight(original).setDocString("a weight");
    OnnxModel model = OnnxModel.read(save(original));
    float[] other = {1, 2, 3, 4, 5, 6};
    Model changed =
        new Model("other", model.model().architecture(), List.of(FloatBuffer.wrap(other)));
    Path out = folder.resolve("out.onnx");
    model.withTensors(changed).write(out);
    ModelProto written = ModelProto.parseFrom(Files.readAllBytes(out));
    assertEquals(withoutWeights(original.build()), withoutWeights(written));
    assertArrayEquals(other, firstTensor(OnnxModel.read(out)));
  }

  @Test
  void theFileThatWasReadCanBeReplaced() throws IOException {
    Path file = save(network());
    byte[] before = Files.readAllBytes(file);
    OnnxModel.read(file).write(file);
    assertEquals(ModelProto.parseFrom(before), ModelProto.parseFrom(Files.readAllBytes(file)));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(file), files.toList());
    }
  }

  @Test
  void aFailedWriteKeepsTheOldContentAndLeavesNothingBehind() throws IOException {
    Path file = Files.writeString(folder.resolve("old"), "old");
    assertThrows(
        InvalidInputException.class,
        () ->
            AtomicFile.write(
                file,
                out -> {
                  out.write(1);
                  throw new IOException("disk full");
                }));
    assertEquals("old", Files.readString(file));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(file), files.toList());
    }
  }

  @Test
  void anUnwritableTargetIsNamed() {
    OnnxModel model = OnnxModel.read(ZooTest.zoo("vit-a"));
    Path missing = folder.resolve("missing").resolve("out.onnx");
    String message =
        assertThrows(InvalidInputException.class, () -> model.write(missing)).getMessage();
    assertTrue(message.contains(missing.toString()), message);
    message = assertThrows(InvalidInputException.class, () -> model.write(folder)).getMessage();
    assertTrue(message.contains("folder"), message);
  }

  @Test
  void typedValuesAreReadLikeRawOnes() throws IOException {
    ModelProto.Builder model = network();
    weight(model).clearRawData().addAllFloatData(List.of(1f, 2f, 3f, 4f, 5f, 6f));
    assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, firstTensor(OnnxModel.read(save(model))));
  }

  @Test
  void oldFilesListWeightsAmongTheInputs() throws IOException {
    ModelProto.Builder model = network().setIrVersion(3);
    model.getGraphBuilder().addInput(GraphBuilder.value("w", 2, 3));
    OnnxModel read = OnnxModel.read(save(model));
    assertEquals(List.of(new TensorInfo("x", List.of(-1, 2))), read.inputs());
    assertEquals(1, read.model().architecture().groups().size());
  }

  @Test
  void noFileAFolderAndAnEmptyFileAreRefused() throws IOException {
    assertRefused(folder.resolve("none.onnx"), "none.onnx", "does not exist");
    assertRefused(folder, "folder");
    assertRefused(Files.createFile(folder.resolve("empty.onnx")), "empty.onnx", "is empty");
  }

  @ParameterizedTest
  @ValueSource(strings = {"hello world", "{\"json\": true}", "PK\u0003\u0004zip"})
  void whatIsNoModelIsRefused(String content) throws IOException {
    assertRefused(Files.writeString(folder.resolve("a.onnx"), content), "not an ONNX model");
  }

  @Test
  void aFileCutAnywhereIsRefused() throws IOException {
    byte[] whole = network().build().toByteArray();
    Path file = folder.resolve("cut.onnx");
    for (int length = 1; length < whole.length; length++) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertRefused(file, "cut.onnx");
    }
  }

  @Test
  void aDamagedFileIsRefusedOrReadButNeverFailsOtherwise() throws IOException {
    byte[] whole = network().build().toByteArray();
    Path file = folder.resolve("damaged.onnx");
    int refused = 0;
    for (int i = 0; i < whole.length; i++) {
      for (int bit = 0; bit < 8; bit++) {
        byte[] damaged = whole.clone();
        damaged[i] ^= (byte) (1 << bit);
        Files.write(file, damaged);
        try {
          OnnxModel.read(file);
        } catch (InvalidInputException | UnsupportedModelException e) {
          refused++;
        }
      }
    }
    assertTrue(refused > 0);
  }

  @Test
  void aTensorOfTheWrongLengthIsRefused() throws IOException {
    ModelProto.Builder model = network();
    weight(model).setDims(0, 3);
    assertRefused(save(model), "tensor w", "model.onnx", "24 bytes", "36", "[3, 3]");
    weight(model).setDims(0, 1L << 40);
    assertRefused(save(model), "tensor w", "1099511627776");
    weight(model).setDims(0, -2);
    assertRefused(save(model), "tensor w", "[-2, 3]");
    weight(model).setDims(0, 2).clearRawData().addFloatData(1);
    assertRefused(save(model), "tensor w", "1 values", "6");
  }

  @ParameterizedTest
  @CsvSource({"NaN,NaN", "Infinity,Infinity", "-Infinity,-Infinity"})
  void aValueThatIsNotFiniteIsRefusedWithItsPlace(float value, String name) throws IOException {
    ModelProto.Builder model = network();
    weight(model).clearRawData().addAllFloatData(List.of(1f, 2f, 3f, value, 5f, Float.NaN));
    assertRefused(save(model), "tensor w", "model.onnx", name + " at index 3");
  }

  @ParameterizedTest
  @CsvSource({"10,FLOAT16,2", "11,DOUBLE,8", "3,INT8,1"})
  void weightsOfAnotherTypeAreUnsupported(int type, String name, int width) throws IOException {
    ModelProto.Builder model = network();
    weight(model).setDataType(type).setRawData(ByteString.copyFrom(new byte[6 * width]));
    Path file = save(model);
    String message =
        assertThrows(UnsupportedModelException.class, () -> OnnxModel.read(file)).getMessage();
    assertTrue(message.contains("tensor w") && message.contains(name), message);
  }

  @Test
  void nodesInACycleAreRefused() throws IOException {
    ModelProto.Builder model = network();
    model.getGraphBuilder().getNodeBuilder(0).setInput(0, "matmul0");
    assertRefused(save(model), "model.onnx", "cycle");
  }

  private Path saveExternal(String location, String... more) throws IOException {
    ModelProto.Builder model = network();
    TensorProto.Builder weight = weight(model);
    Files.write(folder.resolve("w.bin"), weight.getRawData().toByteArray());
    weight.clearRawData().setDataLocation(DataLocation.EXTERNAL);
    List<String> entries = new ArrayList<>(List.of("location", location));
    entries.addAll(List.of(more));
    for (int i = 0; i < entries.size(); i += 2) {
      weight.addExternalData(
          StringStringEntryProto.newBuilder().setKey(entries.get(i)).setValue(entries.get(i + 1)));
    }
    return save(model);
  }

  @Test
  void externalDataIsReadAndWrittenInside() throws IOException {
    float[] expected = firstTensor(OnnxModel.read(save(network())));
    OnnxModel model = OnnxModel.read(saveExternal("w.bin", "offset", "0", "length", "24"));
    assertArrayEquals(expected, firstTensor(model));
    assertEquals(network().build(), ModelProto.parseFrom(model.toBytes()));
  }

  @Test
  void externalDataOutsideTheFolderIsRefused() throws IOException {
    Files.write(folder.resolve("secret"), new byte[24]);
    folder = Files.createDirectory(folder.resolve("inner"));
    assertRefused(saveExternal("../secret"), "tensor w", "../secret", "leaves");
    assertRefused(saveExternal("a/../../secret"), "leaves");
    String absolute = folder.resolve("../secret").toAbsolutePath().toString();
    assertRefused(saveExternal(absolute), "tensor w", "relative");
    assertRefused(saveExternal(""), "relative");
    assertRefused(saveExternal("."), "no regular file");
    assertRefused(saveExternal("none.bin"), "none.bin", "does not exist");
    assertRefused(saveExternal("w\u0000.bin"), "tensor w");
  }

  @Test
  void externalDataThroughASymbolicLinkIsRefused() throws IOException {
    Path outside = Files.createDirectory(folder.resolve("outside"));
    Files.write(outside.resolve("secret"), new byte[24]);
    folder = Files.createDirectory(folder.resolve("inner"));
    Files.createSymbolicLink(folder.resolve("link"), outside.resolve("secret"));
    Files.createSymbolicLink(folder.resolve("way"), outside);
    assertRefused(saveExternal("link"), "symbolic link");
    assertRefused(saveExternal("way/secret"), "symbolic link");
  }

  @Test
  void externalDataThatIsTooShortIsRefused() throws IOException {
    assertRefused(saveExternal("w.bin", "offset", "4"), "24 bytes from byte 4", "which has 24");
    assertRefused(saveExternal("w.bin", "offset", "9223372036854775807"), "which has 24");
    assertRefused(saveExternal("w.bin", "length", "20"), "20 bytes", "expected 24");
    assertRefused(saveExternal("w.bin", "offset", "-4"), "offset '-4'");
    assertRefused(saveExternal("w.bin", "offset", "x"), "offset 'x'");
  }
}
