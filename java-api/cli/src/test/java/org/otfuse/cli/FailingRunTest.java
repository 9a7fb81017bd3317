package org.otfuse.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/**
 * What the machine lacks, a run says in one sentence, and it leaves nothing behind. Newer Java
 * versions print warnings of their own beside it.
 */
@Tag("long")
class FailingRunTest extends TwoMlps {
  private Set<Path> found() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.collect(Collectors.toSet());
    }
  }

  @Test
  void aHeapThatIsTooSmallIsOneSentence() throws Exception {
    Path temporary = Files.createDirectory(folder.resolve("tmp"));
    Set<Path> before = found();
    ChildRun run =
        ChildRun.of(
            List.of("-Xmx12m", "-Djava.io.tmpdir=" + temporary),
            "fuse",
            a,
            b,
            "-o",
            fused,
            "--backend",
            "java");
    assertTrue(
        run.err()
            .matches(
                "otfuse: out of memory \\(Java heap space\\) with a heap of 1[12] MiB, expected"
                    + " more by OTFUSE_JAVA_OPTIONS=-Xmx2[24]m\\.\n"),
        run.err());
    assertEquals(1, run.status());
    assertEquals(before, found());
    assertEquals(0, temporary.toFile().list().length);
  }

  @Test
  void errorsOfTheMachineAreOneSentenceHoweverDeepTheyLie() {
    for (Throwable error :
        List.of(new StackOverflowError(), new RuntimeException(new StackOverflowError()))) {
      assertEquals(
          "otfuse: the stack overflowed, expected a larger one by OTFUSE_JAVA_OPTIONS=-Xss64m.\n",
          failed(error));
    }
    assertEquals(
        "otfuse: internal error, please report it with what"
            + " OTFUSE_JAVA_OPTIONS=-Dotfuse.debug=true shows: java.lang.IllegalStateException:"
            + " two\\nlines.\n",
        failed(new IllegalStateException("two\nlines")));
  }

  private static String failed(Throwable error) {
    StringWriter err = new StringWriter();
    CommandLine line = new CommandLine(new Main());
    line.setErr(new PrintWriter(err, true));
    assertEquals(1, Main.failed(error, line));
    return err.toString();
  }

  @Test
  void aFileSystemThatIsFullIsOneSentence() throws Exception {
    Path small = Files.createDirectory(folder.resolve("small"));
    Process mount =
        new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=512k", "none", small.toString())
            .redirectErrorStream(true)
            .start();
    assumeTrue(mount.waitFor() == 0, "no file system can be mounted here");
    try {
      Path target = Files.writeString(small.resolve("fused.onnx"), "old");
      CommandRun run = CommandRun.of("fuse", a, b, "-o", target, "--backend", "java");
      assertEquals(
          "otfuse: cannot write %s: No space left on device.\n".formatted(target), run.err());
      assertEquals(2, run.status());
      assertEquals("old", Files.readString(target));
      assertEquals(List.of("fused.onnx"), List.of(small.toFile().list()));
    } finally {
      new ProcessBuilder("umount", small.toString()).start().waitFor();
    }
  }

  @Test
  void aFileSystemThatIsFullForThePageLeavesNoModelEither() throws Exception {
    Path small = Files.createDirectory(folder.resolve("small"));
    Process mount =
        new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=4k", "none", small.toString())
            .redirectErrorStream(true)
            .start();
    assumeTrue(mount.waitFor() == 0, "no file system can be mounted here");
    try {
      Path page = small.resolve("page.html");
      Set<Path> before = found();
      CommandRun run =
          CommandRun.of("fuse", a, b, "-o", fused, "--backend", "java", "--report", page);
      assertEquals(
          "otfuse: cannot write %s: No space left on device.\n".formatted(page), run.err());
      assertEquals(2, run.status());
      assertEquals(before, found());
      assertEquals(0, small.toFile().list().length);
    } finally {
      new ProcessBuilder("umount", small.toString()).start().waitFor();
    }
  }

  @Test
  void aFileThatMayNotGrowIsOneSentence() throws Exception {
    Path temporary = Files.createDirectory(folder.resolve("tmp"));
    Path data = CommandRun.file(folder, "fashion-calibration.npz");
    Set<Path> before = found();
    ProcessBuilder fuse =
        ChildRun.process(
            List.of("-Djava.io.tmpdir=" + temporary),
            "fuse",
            a,
            b,
            "-o",
            fused,
            "--backend",
            "java",
            "--weights",
            "auto");
    fuse.command().addAll(List.of("--calibration", data.toString()));
    List<String> limited = new ArrayList<>(List.of("bash", "-c", "ulimit -f 512; exec \"$@\"", ""));
    limited.addAll(fuse.command());
    assumeTrue(Files.exists(Path.of("/bin/bash")));
    ChildRun run = ChildRun.of(new ProcessBuilder(limited));
    assertTrue(run.err().contains("File too large."), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertEquals(2, run.status());
    assertEquals(before, found());
    assertEquals(0, temporary.toFile().list().length);
  }

  @Test
  void aStandardOutputThatTakesNothingIsAFailure() {
    OutputStream full =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("No space left on device");
          }
        };
    StringWriter err = new StringWriter();
    int status =
        Main.run(new PrintWriter(full, true), new PrintWriter(err, true), "inspect", a.toString());
    assertEquals("otfuse: standard output cannot be written.\n", err.toString());
    assertEquals(1, status);
  }

  @Test
  void aTemporaryFolderThatIsMissingIsOneSentence() throws Exception {
    Path missing = folder.resolve("missing");
    Path data = CommandRun.file(folder, "fashion-calibration.npz");
    Set<Path> before = found();
    ChildRun run =
        ChildRun.of(
            List.of("-Djava.io.tmpdir=" + missing),
            "curve",
            a,
            b,
            "--test",
            data,
            "--backend",
            "java");
    assertEquals(
        Map.of(
            2,
            "otfuse: cannot make a temporary folder in %s: no such file; -Djava.io.tmpdir=FOLDER"
                    .formatted(missing)
                + " names another.\n"),
        Map.of(run.status(), run.err()));
    assertEquals(before, found());
  }
}
