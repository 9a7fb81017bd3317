package org.otfuse.cli;

import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.otfuse.BackendChoice;
import org.otfuse.FusionEngine;
import org.otfuse.InvalidInputException;
import org.otfuse.models.OnnxFusion;
import org.otfuse.models.OnnxFusionListener;

/** No file that is read is written to, and none is written twice, whatever its names are. */
class CommandFilesTest extends TwoMlps {
  /** Refuses a fusion of the two models in one line, and changes no file. */
  private void refused(String sentence, Object... options) throws IOException {
    Map<Path, byte[]> before = content();
    List<Object> words = new ArrayList<>(List.of("fuse", a, b));
    words.addAll(List.of(options));
    CommandRun run = CommandRun.of(words.toArray());
    assertEquals("otfuse: " + sentence + "\n", run.err());
    assertEquals(2, run.status());
    Map<Path, byte[]> after = content();
    assertEquals(before.keySet(), after.keySet());
    before.forEach((file, bytes) -> assertArrayEquals(bytes, after.get(file), file.toString()));
  }

  private Map<Path, byte[]> content() throws IOException {
    Map<Path, byte[]> content = new TreeMap<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.toList()) {
        boolean regular = Files.isRegularFile(file);
        content.put(file, regular ? Files.readAllBytes(file) : new byte[0]);
      }
    }
    return content;
  }

  private static String isRead(String option, Path file, String what) {
    return "%s %s is %s, and files that are read are never written to; expected another file."
        .formatted(option, file, what);
  }

  @Test
  void aModelIsNoOutputUnderAnyName() throws IOException {
    Path other = Files.createDirectory(folder.resolve("other"));
    Path link = Files.createSymbolicLink(other.resolve("link.onnx"), a);
    Path hard = Files.createLink(other.resolve("hard.onnx"), b);
    Path linked = Files.createSymbolicLink(folder.resolve("linked"), folder);
    for (Path name : List.of(a, link, hard, linked.resolve("fashion-mlp-a.onnx"))) {
      refused(isRead("--output", name, "one of the models"), "-o", name);
      refused(isRead("--report", name, "one of the models"), "-o", fused, "--report", name);
    }
  }

  @Test
  void theDataIsNoOutput() throws IOException {
    Path data = CommandRun.file(folder, "fashion-calibration.npz");
    for (String option : List.of("--calibration", "--test")) {
      refused(isRead("--output", data, "the data of " + option), option, data, "-o", data);
      refused(
          isRead("--report", data, "the data of " + option),
          option,
          data,
          "-o",
          fused,
          "--report",
          data);
    }
  }

  @Test
  void externalDataIsNoOutput() throws IOException {
    Path model = ExternalFile.of(a, folder.resolve("model.onnx"), "w.bin");
    Path data = folder.resolve("w.bin");
    Path hard = Files.createLink(folder.resolve("hard.bin"), data);
    for (Path name : List.of(data, hard)) {
      refused(
          isRead("--output", name, "data of the model " + model),
          model,
          "-o",
          name,
          "--backend",
          "java");
    }
    refused(
        isRead("--report", data, "data of the model " + model),
        model,
        "-o",
        fused,
        "--report",
        data,
        "--backend",
        "java");
  }

  @Test
  void modelAndPageAreTwoFiles() throws IOException {
    Path real = Files.createDirectory(folder.resolve("real"));
    Path linked = Files.createSymbolicLink(folder.resolve("linked"), real);
    Path model = real.resolve("x.onnx");
    for (Path page : List.of(model, linked.resolve("x.onnx"), real.resolve("X.ONNX"))) {
      refused(
          "--report %s is the file of --output %s, too; expected another file."
              .formatted(page, model),
          "-o",
          model,
          "--report",
          page);
    }
    Files.writeString(model, "old");
    Path hard = Files.createLink(folder.resolve("hard.html"), model);
    refused(
        "--report %s is the file of --output %s, too; expected another file."
            .formatted(hard, model),
        "-o",
        model,
        "--report",
        hard);
  }

  @Test
  void onlyRegularFilesAreReplaced() throws Exception {
    Path pipe = folder.resolve("pipe");
    assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0);
    for (Path target : List.of(pipe, Path.of("/dev/null"))) {
      String sentence =
          "cannot write %s: it is a device, a pipe or a socket, expected a regular file or none."
              .formatted(target);
      refused(sentence, "-o", target);
      refused(sentence, "-o", fused, "--report", target);
    }
    assertTrue(Files.exists(Path.of("/dev/null")) && !Files.isRegularFile(Path.of("/dev/null")));
    Path loop = Files.createSymbolicLink(folder.resolve("loop"), Path.of("loop"));
    refused(
        "cannot write %s: it is a symbolic link to a file that does not exist.".formatted(loop),
        "-o",
        loop);
  }

  @Test
  void standardOutputIsNoFile() throws IOException {
    refused("--output - asks for standard output, expected the name of a file.", "-o", "-");
    refused(
        "--report - asks for standard output, expected the name of a file.",
        "-o",
        fused,
        "--report",
        "-");
  }

  @Test
  void namesWithLineBreaksStayInOneLine() throws IOException {
    Path odd = folder.resolve("miss ing\n\u001b[31m\u202e\u0416\u6f22.onnx");
    CommandRun run = CommandRun.of("inspect", odd);
    assertEquals(
        "otfuse: file "
            + folder
            + "/miss ing\\n\\u001b[31m\\u202e\u0416\u6f22.onnx does not exist.\n",
        run.err());
    Path there = Files.copy(a, folder.resolve("th ere\n\u0416\u6f22.onnx"));
    run = CommandRun.of("fuse", there, b, "-o", odd, "--backend", "java");
    assertEquals(0, run.status(), run.err());
    assertTrue(run.out().contains("miss ing\\n"), run.out());
    assertEquals(
        CommandRun.of("inspect", b).out().lines().skip(1).toList(),
        CommandRun.of("inspect", odd).out().lines().skip(1).toList());
  }

  @Test
  void aModelThatAnotherFileReplacesMeanwhileIsRefused() throws IOException {
    Path third = Files.copy(b, folder.resolve("third.onnx"));
    Path external = ExternalFile.of(a, folder.resolve("external.onnx"), "w.bin");
    try (FusionEngine engine = FusionEngine.open(BackendChoice.JAVA)) {
      String changed =
          "Model %s was changed while it was read, expected files that stay as they are.";
      assertEquals(
          changed.formatted(third),
          refusal(
              engine,
              third,
              () -> Files.move(Files.copy(a, folder.resolve("moved")), third, REPLACE_EXISTING)));
      assertEquals(
          changed.formatted(external),
          refusal(
              engine,
              external,
              () -> Files.setLastModifiedTime(folder.resolve("w.bin"), FileTime.fromMillis(0))));
      assertEquals(
          "file " + third + " does not exist",
          refusal(
              engine,
              third,
              () -> {
                Files.delete(third);
                return third;
              }));
    }
  }

  /** What is said of a model that something happens to once all models have been read. */
  private String refusal(FusionEngine engine, Path model, Callable<?> happening) {
    OnnxFusionListener listener =
        new OnnxFusionListener() {
          @Override
          public void read(Path file, Set<Path> data) {
            if (file.equals(b)) {
              assertDoesNotThrow(happening::call);
            }
          }
        };
    OnnxFusion fusion = OnnxFusion.ofFiles(a, model, b).listener(listener);
    return assertThrows(InvalidInputException.class, () -> fusion.fuse(engine)).getMessage();
  }
}
