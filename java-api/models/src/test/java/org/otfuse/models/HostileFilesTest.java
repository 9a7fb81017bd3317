package org.otfuse.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataLocation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.otfuse.InvalidInputException;
import org.otfuse.UnsupportedModelException;
import org.otfuse.models.HostileModels.Attack;

/** Files that cost more than they weigh, and files that are none. */
@Tag("long")
class HostileFilesTest {
  @TempDir Path folder;

  @Test
  void aModelIsReadOrRefusedInAHeapOf256MegabytesWhateverItAsksFor() throws Exception {
    check(HostileModels.all(), ".onnx");
  }

  @Test
  void anArchiveIsReadOrRefusedInAHeapOf256MegabytesWhateverItAsksFor() throws Exception {
    check(HostileArchives.all(), ".npz");
  }

  private void check(Map<String, Attack> attacks, String suffix) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                ReadFiles.class.getName()));
    for (Map.Entry<String, Attack> attack : attacks.entrySet()) {
      Path file = folder.resolve(attack.getKey().replace(' ', '-') + suffix);
      command.add(Files.write(file, attack.getValue().bytes()).toString());
    }
    Path log = folder.resolve("log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    assertEquals(0, process.waitFor(), Files.readString(log));
    List<String> lines =
        Files.readAllLines(log).stream().filter(line -> line.contains(suffix + "\t")).toList();
    assertEquals(attacks.size(), lines.size(), Files.readString(log));
    int line = 0;
    for (Attack attack : attacks.values()) {
      String found = lines.get(line++);
      String outcome = found.substring(found.lastIndexOf('\t') + 1);
      assertTrue(
          attack.outcome().equals(HostileModels.READ)
              ? outcome.equals(HostileModels.READ)
              : outcome.startsWith("refused: ") && outcome.contains(attack.outcome()),
          found);
      assertTrue(outcome.length() < 1000, found);
    }
  }

  private static String refusal(Path model) {
    return assertThrows(InvalidInputException.class, () -> OnnxModel.read(model)).getMessage();
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aPipeOrDeviceIsRefusedWithoutBeingOpened() throws Exception {
    Path pipe = folder.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    String expected = "file " + pipe + " is a pipe or device, expected %s that is a regular file";
    assertEquals(expected.formatted("an ONNX file"), refusal(pipe));
    assertEquals(
        expected.formatted("a zip archive of npy arrays"),
        assertThrows(InvalidInputException.class, () -> Dataset.read(pipe)).getMessage());
    assertTrue(refusal(Path.of("/dev/zero")).contains("is a pipe or device"));
    String message = refusal(external("pipe", 1));
    assertTrue(message.endsWith("names pipe, which is no regular file"), message);
  }

  @Test
  void aLinkToARegularFileIsRead() throws IOException {
    Path file = Files.write(folder.resolve("a.onnx"), network().proto().toByteArray());
    Path link = Files.createSymbolicLink(folder.resolve("link.onnx"), file);
    assertEquals(OnnxModel.read(file).model().tensors(), OnnxModel.read(link).model().tensors());
  }

  private static GraphBuilder network() {
    GraphBuilder g = new GraphBuilder(17);
    g.output(g.gemm(g.input("x", 0, 2), 2, 3), 0, 3);
    return g;
  }

  /** A model of which as many tensors of one value are in another file. */
  private Path external(String location, int tensors) throws IOException {
    GraphBuilder g = network();
    for (int i = 0; i < tensors; i++) {
      g.graph().addInitializer(external("e" + i, location, "0"));
    }
    return Files.write(folder.resolve("external.onnx"), g.proto().toByteArray());
  }

  private static TensorProto external(String name, String location, String offset) {
    return TensorProto.newBuilder()
        .setName(name)
        .setDataType(GraphBuilder.FLOAT)
        .addDims(1)
        .setDataLocation(DataLocation.EXTERNAL)
        .addExternalData(entry("location", location))
        .addExternalData(entry("offset", offset))
        .build();
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }

  @Test
  void externalDataMayBeReadAFewTimesButNotAgainAndAgain() throws IOException {
    Files.write(folder.resolve("w.bin"), new byte[4]);
    assertEquals(6, OnnxModel.read(external("w.bin", 4)).model().tensors().size());
    String message = refusal(external("w.bin", 5));
    assertTrue(
        message.startsWith("tensor e4 of ")
            && message.endsWith("to 20 bytes, expected at most 4 times the 4 of its files"),
        message);
  }

  @Test
  void externalDataInASubgraphIsUnsupported() throws IOException {
    GraphBuilder g = network();
    GraphBuilder inner = new GraphBuilder(17);
    inner.graph().addInitializer(external("secret", "/etc/passwd", "0"));
    g.node("If", List.of("x"), "then_branch", inner.graph().build());
    Path file = Files.write(folder.resolve("sub.onnx"), g.proto().toByteArray());
    String message =
        assertThrows(UnsupportedModelException.class, () -> OnnxModel.read(file)).getMessage();
    assertTrue(message.startsWith("tensor secret in a subgraph"), message);
  }

  @Test
  void aValueFromTwoPlacesIsRefused() throws IOException {
    GraphBuilder g = network();
    g.graph().addNode(NodeProto.newBuilder().setOpType("Relu").addInput("x").addOutput("w0"));
    String message = refusal(Files.write(folder.resolve("two.onnx"), g.proto().toByteArray()));
    assertTrue(message.contains("value w0, which is also a weight or an input"), message);
  }

  @Test
  void aDataSetIsWrittenWithoutFollowingAPlantedLink() throws IOException {
    Path other = Files.writeString(folder.resolve("other"), "mine");
    Files.createSymbolicLink(folder.resolve(".data.npz.part"), other);
    Dataset data = Dataset.of("data", List.of(1), new float[] {1, 2}, Optional.empty());
    data.write(folder.resolve("data.npz"));
    assertEquals("mine", Files.readString(other));
    assertTrue(Files.isSymbolicLink(folder.resolve(".data.npz.part")));
    assertTrue(Files.isRegularFile(folder.resolve("data.npz"), LinkOption.NOFOLLOW_LINKS));
    assertEquals(2, Dataset.read(folder.resolve("data.npz")).size());
  }

  @Test
  void samplesOfANegativeOrEndlessShapeAreRefused() {
    for (List<Integer> shape : List.of(List.of(-1, -1), List.of(0), List.of(65536, 65536, 65536))) {
      String message =
          assertThrows(
                  InvalidInputException.class,
                  () -> Dataset.of("d", shape, new float[4], Optional.empty()))
              .getMessage();
      assertTrue(message.contains(shape.toString()), message);
    }
  }
}
