package org.otfuse.models.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TemporaryTest {
  private static final String NUMBER = "-0c52a9ee-6d94-4d3c-9b2d-8a4ef2f4cf0e.tmp";

  @TempDir Path folder;

  /** A process with a temporary file and a temporary folder that has a file in it. */
  static final class Holder {
    private Holder() {}

    /** Makes them in the folder, says so, and ends well or waits to be ended. */
    public static void main(String[] words) throws Exception {
      Path folder = Path.of(words[0]);
      Temporary file = Temporary.file(folder);
      Temporary inner = Temporary.folder(folder);
      Files.writeString(inner.path().resolve("content"), "content");
      System.out.println(file.path() + "\n" + inner.path());
      if (words[1].equals("exit")) {
        System.exit(3);
      }
      System.in.read();
    }
  }

  /** Both paths of a process that holds them. */
  private record Held(Process process, Path file, Path inner) {
    static Held start(Path folder, String end) throws IOException {
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Holder.class.getName(),
                  folder.toString(),
                  end)
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      BufferedReader out = process.inputReader();
      return new Held(process, Path.of(out.readLine()), Path.of(out.readLine()));
    }
  }

  private Set<Path> found() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return Set.copyOf(files.toList());
    }
  }

  private void makeAnother() throws IOException {
    Temporary.file(folder).close();
  }

  /** The same when all that is there has been left alone for some seconds. */
  private void makeAnotherAfter(long seconds) throws IOException {
    for (Path path : found()) {
      if (!Files.isSymbolicLink(path)) {
        Files.setLastModifiedTime(path, FileTime.from(Instant.now().minusSeconds(seconds)));
      }
    }
    makeAnother();
  }

  private static String gone() throws Exception {
    Process process = new ProcessBuilder("true").start();
    process.waitFor();
    return ".otfuse-" + process.pid() + "-1" + NUMBER;
  }

  @Test
  void aClosedOneIsGone() throws IOException {
    Temporary file = Temporary.file(folder);
    Temporary inner = Temporary.folder(folder);
    Files.writeString(inner.path().resolve("content"), "content");
    assertEquals(Set.of(file.path(), inner.path()), found());
    file.close();
    inner.close();
    assertEquals(Set.of(), found());
  }

  @Test
  void aProcessThatIsToldToEndLeavesNothing() throws Exception {
    Held ended = Held.start(folder, "wait");
    ended.process.destroy();
    ended.process.waitFor();
    assertEquals(3, Held.start(folder, "exit").process.waitFor());
    assertEquals(Set.of(), found());
  }

  @Test
  void whatAKilledProcessLeftIsRemovedByTheNextAndWhatALivingOneHoldsIsNot() throws Exception {
    Held held = Held.start(folder, "wait");
    makeAnotherAfter(61);
    assertEquals(Set.of(held.file, held.inner), found());
    // As it looks to a process that cannot see the other's number, in another container.
    Path file = Files.move(held.file, folder.resolve(gone()));
    Path inner = Files.move(held.inner, folder.resolve(gone()));
    makeAnotherAfter(61);
    assertEquals(Set.of(file, inner), found());
    Files.move(file, held.file);
    Files.move(inner, held.inner);
    held.process.destroyForcibly().waitFor();
    assertTrue(found().containsAll(List.of(held.file, held.inner)));
    makeAnotherAfter(61);
    assertEquals(Set.of(), found());
  }

  /** A process in another container may have made it just now and not locked it yet. */
  @Test
  void whatIsYoungerThanAMinuteStays() throws Exception {
    Set<Path> young =
        Set.of(
            Files.createFile(folder.resolve(gone())),
            Files.createDirectory(folder.resolve(gone().replace("0c52", "ffff"))));
    makeAnother();
    assertEquals(young, found());
    makeAnotherAfter(50);
    assertEquals(young, found());
    makeAnotherAfter(61);
    assertEquals(Set.of(), found());
  }

  @Test
  void aNumberThatAnotherProcessHasNowIsKnownByItsStart() throws IOException {
    Path left =
        Files.createFile(
            folder.resolve(".otfuse-" + ProcessHandle.current().pid() + "-1" + NUMBER));
    makeAnotherAfter(61);
    assertFalse(Files.exists(left));
  }

  @Test
  void filesOfOtherNamesAndLinksStay() throws Exception {
    String name = gone();
    Path other = Files.writeString(folder.resolve("other"), "other");
    Path otherFolder = Files.createDirectory(folder.resolve("other-folder"));
    Path kept = Files.writeString(otherFolder.resolve("kept"), "kept");
    Set<Path> all =
        Set.of(
            other,
            otherFolder,
            Files.createFile(folder.resolve("x" + name)),
            Files.createFile(folder.resolve(name + "x")),
            Files.createFile(folder.resolve(name.substring(1))),
            Files.createFile(folder.resolve(".otfuse-99999999999999999999-1" + NUMBER)),
            Files.createFile(folder.resolve(".otfuse--1-1" + NUMBER)),
            Files.createSymbolicLink(folder.resolve(name), other),
            Files.createSymbolicLink(folder.resolve(gone().replace("0c52", "ffff")), otherFolder));
    makeAnotherAfter(61);
    assertEquals(all, found());
    assertEquals("kept", Files.readString(kept));
  }

  @Test
  void aLinkInsideWhatIsRemovedIsNotFollowed() throws Exception {
    Path otherFolder = Files.createDirectory(folder.resolve("other-folder"));
    Path kept = Files.writeString(otherFolder.resolve("kept"), "kept");
    Path left = Files.createDirectory(folder.resolve(gone()));
    Files.createSymbolicLink(left.resolve("link"), otherFolder);
    makeAnotherAfter(61);
    assertEquals(Set.of(otherFolder), found());
    assertEquals("kept", Files.readString(kept));
  }
}
