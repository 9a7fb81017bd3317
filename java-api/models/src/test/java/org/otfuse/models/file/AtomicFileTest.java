package org.otfuse.models.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.otfuse.InvalidInputException;

class AtomicFileTest {
  @TempDir Path folder;

  private static void write(Path target, String text) {
    AtomicFile.write(target, out -> out.write(text.getBytes()));
  }

  private void refused(Path target, String reason) {
    String message =
        assertThrows(InvalidInputException.class, () -> write(target, "new")).getMessage();
    assertEquals("cannot write " + target + ": " + reason, message);
  }

  private void left(Path... files) throws IOException {
    try (Stream<Path> found = Files.list(folder)) {
      assertEquals(Set.of(files), Set.copyOf(found.toList()));
    }
  }

  private static void assumePosix() {
    assumeTrue(FileSystems.getDefault().supportedFileAttributeViews().contains("posix"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"rw-------", "rwxr-xr-x", "rw-rw-rw-"})
  void aReplacedFileKeepsItsPermissions(String permissions) throws IOException {
    assumePosix();
    Set<PosixFilePermission> kept = PosixFilePermissions.fromString(permissions);
    Path file = Files.writeString(folder.resolve("file"), "old");
    Files.setPosixFilePermissions(file, kept);
    AtomicFile.write(
        file,
        out -> {
          out.write('n');
          try (Stream<Path> found = Files.list(folder)) {
            for (Path path : found.toList()) {
              assertTrue(kept.containsAll(Files.getPosixFilePermissions(path)), path.toString());
            }
          }
        });
    assertEquals("n", Files.readString(file));
    assertEquals(kept, Files.getPosixFilePermissions(file));
  }

  @Test
  void aNewFileHasThePermissionsOfNewFiles() throws IOException {
    assumePosix();
    Path plain = Files.createFile(folder.resolve("plain"));
    Path file = folder.resolve("file");
    write(file, "new");
    assertEquals(Files.getPosixFilePermissions(plain), Files.getPosixFilePermissions(file));
  }

  @Test
  void filesThatArePreparedAppearTogetherOrNotAtAll() throws IOException {
    Path first = Files.writeString(folder.resolve("first"), "old");
    Path second = folder.resolve("second");
    try (AtomicFile.Prepared one = AtomicFile.prepare(first, out -> out.write('1'))) {
      assertEquals("old", Files.readString(first));
      assertThrows(
          InvalidInputException.class,
          () ->
              AtomicFile.prepare(
                  second,
                  out -> {
                    throw new IOException("No space left on device");
                  }));
      try (AtomicFile.Prepared two = AtomicFile.prepare(second, out -> out.write('2'))) {
        Files.createDirectory(second);
        assertThrows(InvalidInputException.class, () -> AtomicFile.commit(one, two));
        assertEquals("old", Files.readString(first));
        Files.delete(second);
        AtomicFile.commit(one, two);
      }
    }
    assertEquals("1", Files.readString(first));
    assertEquals("2", Files.readString(second));
    left(first, second);
  }

  @Test
  void whatIsPreparedAndNotCommittedIsGoneWhenItIsClosed() throws IOException {
    AtomicFile.prepare(folder.resolve("file"), out -> out.write('n')).close();
    left();
  }

  @Test
  void aLinkKeepsBeingOneAndItsFileIsReplaced() throws IOException {
    Path inner = Files.createDirectory(folder.resolve("inner"));
    Path file = Files.writeString(inner.resolve("file"), "old");
    Path link = Files.createSymbolicLink(folder.resolve("link"), file);
    Path linkToLink = Files.createSymbolicLink(folder.resolve("second"), link.getFileName());
    write(linkToLink, "new");
    assertEquals("new", Files.readString(file));
    assertTrue(Files.isSymbolicLink(link));
    assertTrue(Files.isSymbolicLink(linkToLink));
    left(inner, link, linkToLink);
  }

  @Test
  void linksThatLeadNowhereAreRefused() throws IOException {
    Path dangling = Files.createSymbolicLink(folder.resolve("dangling"), Path.of("missing"));
    Path loop = Files.createSymbolicLink(folder.resolve("loop"), Path.of("loop"));
    refused(dangling, "it is a symbolic link to a file that does not exist");
    refused(loop, "it is a symbolic link to a file that does not exist");
    left(dangling, loop);
  }

  @Test
  void pipesAndDevicesAreRefusedAndStay() throws Exception {
    Path pipe = folder.resolve("pipe");
    assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0);
    refused(pipe, "it is a device, a pipe or a socket, expected a regular file or none");
    assertTrue(Files.exists(pipe) && !Files.isRegularFile(pipe));
    left(pipe);
    Path device = Path.of("/dev/null");
    assumeTrue(Files.exists(device));
    refused(device, "it is a device, a pipe or a socket, expected a regular file or none");
    assertFalse(Files.isRegularFile(device));
  }

  @Test
  void aTargetThatBecomesAPipeMeanwhileStays() throws Exception {
    Path target = folder.resolve("target");
    String message =
        assertThrows(
                InvalidInputException.class,
                () ->
                    AtomicFile.write(
                        target,
                        out -> {
                          try {
                            new ProcessBuilder("mkfifo", target.toString()).start().waitFor();
                          } catch (InterruptedException e) {
                            throw new IOException(e);
                          }
                        }))
            .getMessage();
    assertTrue(message.contains("a pipe"), message);
    left(target);
  }

  @Test
  void foldersAreRefused() {
    refused(folder, "it is a folder");
    refused(Path.of("/"), "it is a folder");
    refused(Path.of(""), "it is a folder");
    Path inside = folder.resolve("missing/file");
    refused(inside, "the folder " + inside.getParent() + " does not exist");
  }

  @Test
  void aFolderThatVanishesMeanwhileIsNamed() throws IOException {
    Path inner = Files.createDirectory(folder.resolve("inner"));
    Path target = inner.resolve("file");
    String message =
        assertThrows(
                InvalidInputException.class,
                () ->
                    AtomicFile.write(
                        target,
                        out -> {
                          try (Stream<Path> files = Files.list(inner)) {
                            for (Path file : files.toList()) {
                              Files.delete(file);
                            }
                          }
                          Files.delete(inner);
                        }))
            .getMessage();
    assertTrue(message.startsWith("cannot write "), message);
    left();
  }

  @Test
  void errorsLeaveNothingBehindAndTheOldContent() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "old");
    for (Error error : List.of(new OutOfMemoryError(), new StackOverflowError())) {
      assertThrows(
          error.getClass(),
          () ->
              AtomicFile.write(
                  file,
                  out -> {
                    out.write(new byte[1000]);
                    throw error;
                  }));
    }
    assertEquals("old", Files.readString(file));
    left(file);
  }

  @Test
  void namesMayBeAsLongAsTheFileSystemAllows() throws IOException {
    Path file = folder.resolve("n".repeat(255));
    write(file, "new");
    write(file, "newer");
    assertEquals("newer", Files.readString(file));
    left(file);
  }

  @Test
  void aWriteInsideAWriteDisturbsNeither() throws IOException {
    Path outer = folder.resolve("outer");
    Path inner = folder.resolve("inner");
    AtomicFile.write(
        outer,
        out -> {
          out.write('1');
          write(inner, "inner");
          out.write('2');
        });
    assertEquals("12", Files.readString(outer));
    assertEquals("inner", Files.readString(inner));
    left(outer, inner);
    assertTrue(Files.isRegularFile(outer, LinkOption.NOFOLLOW_LINKS));
  }
}
