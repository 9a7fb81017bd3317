package org.otfuse.spi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BundledLibrariesTest {
  private static final byte[] LIBRARY = {1, 2, 3, 4, 5};

  @TempDir Path home;
  private Path wanted;
  private URL resource;

  @BeforeEach
  void makeLibrary() throws IOException {
    wanted = home.resolve("cache/otfuse");
    resource = Files.write(home.resolve("libsample.so"), LIBRARY).toUri().toURL();
  }

  private static Path path(URL url) {
    return Path.of(URI.create(url.toString()));
  }

  private static void requirePosix() {
    assumeTrue(Path.of("").getFileSystem().supportedFileAttributeViews().contains("posix"));
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void aLibraryIsCopiedUnderItsNameIntoTheFolder() throws IOException {
    Path copy = path(BundledLibraries.in(wanted).extract(resource));
    assertEquals("libsample.so", copy.getFileName().toString());
    assertTrue(copy.startsWith(wanted));
    assertArrayEquals(LIBRARY, Files.readAllBytes(copy));
  }

  @Test
  void aPlantedFileOfTheSameLengthAndTimeIsReplaced() throws IOException {
    Path copy = path(BundledLibraries.in(wanted).extract(resource));
    FileTime time = Files.getLastModifiedTime(copy);
    Files.write(copy, new byte[] {1, 2, 3, 4, 6});
    Files.setLastModifiedTime(copy, time);
    assertEquals(copy, path(BundledLibraries.in(wanted).extract(resource)));
    assertArrayEquals(LIBRARY, Files.readAllBytes(copy));
  }

  @Test
  void aPlantedLinkIsReplacedAndWhatItNamesIsLeftAlone() throws IOException {
    Path copy = path(BundledLibraries.in(wanted).extract(resource));
    Path other = Files.write(home.resolve("other"), LIBRARY);
    Files.delete(copy);
    Files.createSymbolicLink(copy, other);
    BundledLibraries.in(wanted).extract(resource);
    assertTrue(Files.isRegularFile(copy, LinkOption.NOFOLLOW_LINKS));
    assertArrayEquals(LIBRARY, Files.readAllBytes(other));
  }

  @Test
  void theFolderIsClosedToOthersAlsoIfItWasOpen() throws IOException {
    requirePosix();
    Files.createDirectories(wanted);
    Files.setPosixFilePermissions(wanted, PosixFilePermissions.fromString("rwxrwxrwx"));
    Path copy = path(BundledLibraries.in(wanted).extract(resource));
    assertEquals("rwx------", permissions(wanted));
    assertEquals("rwx------", permissions(copy.getParent()));
  }

  private static void setPermissions(Path path, String permissions) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
  }

  @Test
  void aFolderBelowOneThatOthersCanWriteToIsNotUsed() throws IOException {
    requirePosix();
    Path cache = Files.createDirectories(wanted).getParent();
    for (String open : List.of("rwxrwxr-x", "rwxr-xrwx")) {
      for (Path above : List.of(cache, home)) {
        setPermissions(above, open);
        BundledLibraries libraries = BundledLibraries.in(wanted);
        assertFalse(libraries.folder().startsWith(home.toRealPath()), above + " is " + open);
        assertFalse(BundledLibraries.isSafe(cache.resolve("javacpp")), above + " is " + open);
        setPermissions(above, "rwxr-xr-x");
        assertEquals(wanted.toRealPath(), BundledLibraries.in(wanted).folder());
        assertTrue(BundledLibraries.isSafe(cache.resolve("javacpp")));
      }
    }
  }

  @Test
  void aStickyFolderAboveIsAsGoodAsAPrivateOne() throws Exception {
    requirePosix();
    Files.createDirectories(wanted);
    assumeTrue(
        new ProcessBuilder("chmod", "1777", home.toString()).start().waitFor() == 0, "no chmod");
    assertEquals(wanted.toRealPath(), BundledLibraries.in(wanted).folder());
  }

  @Test
  void aFolderOfJavaCppThatOthersCanWriteToIsNotUsed() throws IOException {
    requirePosix();
    Path folder = home.resolve(".javacpp/cache");
    assertTrue(BundledLibraries.isSafe(folder));
    setPermissions(folder, "rwxrwxrwx");
    assertFalse(BundledLibraries.isSafe(folder));
    assertFalse(BundledLibraries.isSafe(Path.of("relative")));
    assertFalse(Files.exists(Path.of("relative")));
  }

  @Test
  void aFolderOfAnotherUserAboveIsNotUsed() throws Exception {
    requirePosix();
    Path cache = Files.createDirectories(wanted).getParent();
    assumeTrue(
        new ProcessBuilder("chown", "12345", cache.toString()).start().waitFor() == 0,
        "only the system's owner can give files away");
    assertFalse(BundledLibraries.in(wanted).folder().startsWith(home.toRealPath()));
  }

  @Test
  void everyCallOfAProcessGetsTheSameFolder() {
    assertSame(BundledLibraries.open(), BundledLibraries.open());
  }

  @Test
  void aLinkInTheFoldersPlaceIsNotFollowed() throws IOException {
    Files.createDirectories(wanted.getParent());
    Files.createSymbolicLink(wanted, Files.createDirectory(home.resolve("planted")));
    BundledLibraries libraries = BundledLibraries.in(wanted);
    assertNotEquals(wanted, libraries.folder());
    assertFalse(path(libraries.extract(resource)).toRealPath().startsWith(home.toRealPath()));
  }

  @Test
  void aFileInTheFoldersPlaceMeansATemporaryFolder() throws IOException {
    requirePosix();
    Files.createDirectories(wanted.getParent());
    Files.createFile(wanted);
    BundledLibraries libraries = BundledLibraries.in(wanted);
    assertNotEquals(wanted, libraries.folder());
    assertEquals("rwx------", permissions(libraries.folder()));
    assertArrayEquals(LIBRARY, Files.readAllBytes(path(libraries.extract(resource))));
  }

  @Test
  void anotherVersionOfALibraryGetsAPlaceOfItsOwn() throws IOException {
    Path first = path(BundledLibraries.in(wanted).extract(resource));
    Files.write(path(resource), new byte[] {9});
    Path second = path(BundledLibraries.in(wanted).extract(resource));
    assertNotEquals(first, second);
    assertArrayEquals(LIBRARY, Files.readAllBytes(first));
  }

  @Test
  void threadsThatStartTogetherAllGetTheLibrary() throws Exception {
    for (int round = 0; round < 20; round++) {
      Files.write(path(resource), new byte[] {(byte) round});
      Path folder = home.resolve("round" + round);
      List<Callable<URL>> calls =
          Collections.nCopies(4, () -> BundledLibraries.in(folder).extract(resource));
      ExecutorService threads = Executors.newFixedThreadPool(calls.size());
      try {
        for (Future<URL> copy : threads.invokeAll(calls)) {
          assertTrue(path(copy.get()).startsWith(folder), copy.get().toString());
        }
      } finally {
        threads.shutdown();
      }
    }
  }
}
