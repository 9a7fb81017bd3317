package org.otfuse.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.otfuse.models.Dataset;

/**
 * Processes of {@code otfuse fuse} that are killed while they read, fuse or write. The old file
 * stays or the new one is there, and the next run leaves nothing of theirs. By default a few
 * moments; {@code -Dotfuse.kills=200} makes it that many.
 */
@Tag("long")
class KillTest extends TwoMlps {
  private static final int KILLS = Integer.getInteger("otfuse.kills", 6);
  private static final byte[] OLD = "old".getBytes();
  private static final List<String> SIGNALS = List.of("KILL", "TERM", "INT");

  /** Of every so many runs one chooses weights, with aligned models in temporary files. */
  private static final int CHOOSING = 4;

  private final Random random = new Random(System.nanoTime());
  private Path temporary;
  private Path page;
  private Path few;

  /** A command whose result is known. */
  private record Known(Object[] words, byte[] model, long millis) {}

  private ProcessBuilder process(Object... words) {
    return ChildRun.process(
            List.of("-Djava.io.tmpdir=" + temporary, "-Dotfuse.terminal=true"), words)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.DISCARD);
  }

  private Known known(Object... options) throws IOException, InterruptedException {
    List<Object> words = new ArrayList<>(List.of("fuse", a, b, "-o", fused, "--report", page));
    words.addAll(List.of("--backend", "java"));
    words.addAll(List.of(options));
    long start = System.nanoTime();
    assertEquals(0, process(words.toArray()).start().waitFor());
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    return new Known(words.toArray(), Files.readAllBytes(fused), millis);
  }

  @Test
  void theTargetIsTheOldFileOrTheNewOneAndTheNextRunLeavesNothing() throws Exception {
    temporary = Files.createDirectory(folder.resolve("tmp"));
    page = folder.resolve("page.html");
    few = folder.resolve("few.npz");
    Dataset.read(CommandRun.file(folder, "fashion-calibration.npz")).first(16).write(few);
    Known plain = known();
    Known choosing = known("--weights", "auto", "--calibration", few);
    Set<Path> files = found(folder);
    assertEquals(Set.of(), found(temporary));
    int made = 0;
    for (int k = 0; k < KILLS; k++) {
      Known command = k % CHOOSING == CHOOSING - 1 ? choosing : plain;
      Files.write(fused, OLD);
      Files.write(page, OLD);
      String signal = SIGNALS.get(k % SIGNALS.size());
      Process process = process(command.words).start();
      kill(process, signal, k % 2 == 0, command.millis);
      made += check(command.model) ? 1 : 0;
      if (!signal.equals("KILL")) {
        assertEquals(Set.of(), ownedBy(process, folder), signal);
        assertEquals(Set.of(), ownedBy(process, temporary), signal);
      }
    }
    System.out.println(KILLS + " kills, " + made + " after the model had been written");
    for (Path parent : List.of(folder, temporary)) {
      for (Path left : found(parent)) {
        Files.setLastModifiedTime(left, FileTime.fromMillis(0));
      }
    }
    assertEquals(0, process(choosing.words).start().waitFor());
    assertTrue(check(choosing.model));
    assertEquals(files, found(folder));
    assertEquals(Set.of(), found(temporary));
  }

  /** Kills as soon as a file is being written, or at any moment, and waits for the end. */
  private void kill(Process process, String signal, boolean writing, long millis)
      throws IOException, InterruptedException {
    if (writing) {
      while (process.isAlive() && ownedBy(process, folder).isEmpty()) {
        Thread.sleep(1);
      }
      Thread.sleep(random.nextInt(5));
    } else {
      Thread.sleep(random.nextLong(millis));
    }
    new ProcessBuilder("kill", "-" + signal, String.valueOf(process.pid())).start().waitFor();
    process.waitFor();
  }

  /** Temporary files of one process. */
  private static Set<Path> ownedBy(Process process, Path folder) throws IOException {
    Set<Path> owned = found(folder);
    owned.removeIf(
        file -> !file.getFileName().toString().startsWith(".otfuse-" + process.pid() + "-"));
    return owned;
  }

  /** Returns true if the model is the new one, false if the old one; fails if it is neither. */
  private boolean check(byte[] expected) throws IOException {
    byte[] model = Files.readAllBytes(fused);
    boolean made = !Arrays.equals(OLD, model);
    if (made) {
      assertArrayEquals(expected, model);
    }
    String text = Files.readString(page);
    assertTrue(text.equals("old") || made && text.strip().endsWith("</html>"), text);
    return made;
  }

  private static Set<Path> found(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.collect(Collectors.toSet());
    }
  }
}
