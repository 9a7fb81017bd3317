package org.otfuse.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataLocation;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.otfuse.InvalidInputException;

/** Models that come from memory, streams and channels are those of the file. */
class OnnxSourcesTest {
  private static final String FILE = "fashion-mlp-a.onnx";

  private static void same(OnnxModel found) {
    assertArrayEquals(OnnxModel.read(TestFiles.path(FILE)).toBytes(), found.toBytes());
    assertEquals("mine", found.model().name());
  }

  @Test
  void allSourcesGiveTheSameModel() throws IOException {
    byte[] bytes = TestFiles.bytes(FILE);
    same(OnnxModel.read(bytes, "mine"));
    same(OnnxModel.read(new ByteArrayInputStream(bytes), "mine"));
    same(OnnxModel.read(Channels.newChannel(new ByteArrayInputStream(bytes)), "mine"));
    try (FileChannel channel = FileChannel.open(TestFiles.path(FILE))) {
      same(OnnxModel.read(channel, "mine"));
    }
  }

  @Test
  void bytesThatAreNoModelAreRefusedWithTheName() {
    byte[] bytes = TestFiles.bytes(FILE);
    refused("mine is empty, expected an ONNX file", new byte[0]);
    refused("mine is not an ONNX model", new byte[] {1, 2, 3});
    refused("mine is a truncated or damaged ONNX file", Arrays.copyOf(bytes, bytes.length - 1000));
  }

  private static void refused(String sentence, byte[] bytes) {
    assertEquals(
        sentence,
        assertThrows(InvalidInputException.class, () -> OnnxModel.read(bytes, "mine"))
            .getMessage());
    InputStream stream = new ByteArrayInputStream(bytes);
    assertEquals(
        sentence,
        assertThrows(InvalidInputException.class, () -> OnnxModel.read(stream, "mine"))
            .getMessage());
  }

  @Test
  void dataInOtherFilesIsRefused() throws IOException {
    ModelProto.Builder model = ModelProto.parseFrom(TestFiles.bytes(FILE)).toBuilder();
    GraphProto.Builder graph = model.getGraphBuilder();
    graph
        .getInitializerBuilder(0)
        .clearRawData()
        .setDataLocation(DataLocation.EXTERNAL)
        .addExternalData(
            StringStringEntryProto.newBuilder().setKey("location").setValue("weights.bin"));
    byte[] bytes = model.build().toByteArray();
    assertEquals(
        "tensor %s of mine has its data in the file weights.bin, and a model from memory or a"
                .formatted(graph.getInitializer(0).getName())
            + " stream has no folder, expected a model in one piece",
        assertThrows(InvalidInputException.class, () -> OnnxModel.read(bytes, "mine"))
            .getMessage());
  }

  @Test
  void aModelTellsTheBytesOfItsWeights() {
    OnnxModel model = OnnxModel.read(TestFiles.bytes(FILE), "mine");
    List<Integer> lengths =
        model.model().tensors().stream().map(tensor -> 4 * tensor.remaining()).toList();
    long weights = lengths.stream().mapToLong(Integer::longValue).sum();
    assertEquals(weights, model.memoryBytes(), 0.01 * weights);
  }
}
