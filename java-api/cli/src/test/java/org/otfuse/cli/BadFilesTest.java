package org.otfuse.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.otfuse.models.Dataset;

/** Every command with every kind of bad file: exit status 2, one line, and nothing is written. */
class BadFilesTest extends TwoMlps {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private static final List<List<String>> COMMANDS_WITH_A_MODEL =
      List.of(
          List.of("inspect", "BAD"),
          List.of("inspect", "BAD", "--json"),
          List.of("evaluate", "BAD", "--data", "DATA"),
          List.of("verify", "BAD"),
          List.of("verify", "GOOD", "BAD"),
          List.of("fuse", "BAD", "GOOD", "-o", "OUT", "--backend", "java"),
          List.of("fuse", "GOOD", "BAD", "-o", "OUT", "--backend", "java", "--report", "PAGE"),
          List.of("curve", "GOOD", "BAD", "--test", "DATA", "--backend", "java"));

  private static final List<List<String>> COMMANDS_WITH_DATA =
      List.of(
          List.of("evaluate", "GOOD", "--data", "BAD"),
          List.of("verify", "GOOD", "--data", "BAD"),
          List.of("verify", "GOOD", "OTHER", "--data", "BAD"),
          List.of(
              "fuse", "GOOD", "OTHER", "-o", "OUT", "--backend", "java", "--calibration", "BAD"),
          List.of("fuse", "GOOD", "OTHER", "-o", "OUT", "--backend", "java", "--test", "BAD"),
          List.of("curve", "GOOD", "OTHER", "--test", "BAD", "--backend", "java"),
          List.of(
              "curve",
              "GOOD",
              "OTHER",
              "--test",
              "DATA",
              "--calibration",
              "BAD",
              "--backend",
              "java"));

  private Path data;

  @BeforeEach
  void makeData() throws IOException {
    data = folder.resolve("few.npz");
    Dataset.read(CommandRun.file(folder, "fashion-calibration.npz")).first(8).write(data);
  }

  /** Files that are bad whatever they are taken for. */
  private Map<String, Path> bad(Path good) throws Exception {
    Map<String, Path> bad = new TreeMap<>();
    byte[] bytes = Files.readAllBytes(good);
    bad.put("missing", folder.resolve("missing"));
    bad.put("a folder", Files.createDirectory(folder.resolve("folder")));
    bad.put("empty", Files.createFile(folder.resolve("empty")));
    bad.put("text", Files.writeString(folder.resolve("text"), "hello\n"));
    bad.put("zeros", Files.write(folder.resolve("zeros"), new byte[1000]));
    for (int share : new int[] {1, 50, 99}) {
      byte[] start = Arrays.copyOf(bytes, bytes.length / 100 * share);
      bad.put("cut at " + share, Files.write(folder.resolve("cut-" + share), start));
    }
    byte[] shifted = Arrays.copyOfRange(bytes, 1, bytes.length);
    bad.put("shifted", Files.write(folder.resolve("shifted"), shifted));
    bad.put("a loop", Files.createSymbolicLink(folder.resolve("loop"), Path.of("loop")));
    bad.put("dangling", Files.createSymbolicLink(folder.resolve("dangling"), Path.of("none")));
    bad.put("inside a file", good.resolve("inside"));
    Path pipe = folder.resolve("pipe");
    if (new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0) {
      bad.put("a pipe", pipe);
    }
    if (Files.exists(Path.of("/dev/zero"))) {
      bad.put("a device", Path.of("/dev/zero"));
    }
    return bad;
  }

  private Set<String> found() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.map(Path::toString).collect(Collectors.toSet());
    }
  }

  private void refusedByAll(List<List<String>> commands, Map<String, Path> bad) throws IOException {
    Set<String> before = found();
    Map<String, Object> names =
        new TreeMap<>(
            Map.of(
                "GOOD",
                a,
                "OTHER",
                b,
                "DATA",
                data,
                "OUT",
                fused,
                "PAGE",
                folder.resolve("page.html")));
    for (Map.Entry<String, Path> kind : bad.entrySet()) {
      names.put("BAD", kind.getValue());
      for (List<String> command : commands) {
        Object[] words = command.stream().map(word -> names.getOrDefault(word, word)).toArray();
        String what = kind.getKey() + ": " + command;
        CommandRun run =
            assertTimeoutPreemptively(PATIENCE, () -> CommandRun.of(words), () -> what);
        assertEquals(2, run.status(), what + run.err());
        assertEquals(1, run.err().lines().count(), what + run.err());
        assertTrue(run.err().startsWith("otfuse: ") && run.err().endsWith(".\n"), run.err());
        assertTrue(run.err().contains(kind.getValue().getFileName().toString()), run.err());
        assertEquals("", run.out(), what);
        assertEquals(before, found(), what);
      }
    }
  }

  @Test
  void badModelsAreRefusedByEveryCommand() throws Exception {
    Map<String, Path> bad = bad(a);
    bad.put("data", data);
    refusedByAll(COMMANDS_WITH_A_MODEL, bad);
  }

  @Test
  void badDataAreRefusedByEveryCommand() throws Exception {
    Map<String, Path> bad = bad(data);
    bad.put("a model", b);
    bad.put("no images", CommandRun.file(folder, "noimages.npz"));
    refusedByAll(COMMANDS_WITH_DATA, bad);
  }
}
