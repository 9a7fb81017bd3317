package org.otfuse.spi;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.otfuse.BackendUnavailableException;

/**
 * Takes native libraries out of jars into a folder that nobody but its owner can write to or put
 * another in place of, so that no other user can plant one: {@code .cache/otfuse} in the user's
 * home or, where that cannot be made private, a new temporary folder that goes with the process. A
 * file that is there already is used only if its SHA-256 is that of the library in the jar.
 * Thread-safe.
 */
public final class BundledLibraries {
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");
  private static final int WRITABLE_BY_OTHERS = 0022;
  private static final int STICKY = 01000;
  private static final String JAVACPP_FOLDER = "org.bytedeco.javacpp.cachedir";

  /** One a process, so that a temporary folder is made once. */
  private static final AtomicReference<BundledLibraries> OPENED = new AtomicReference<>();

  private final Path folder;

  private BundledLibraries(Path folder) {
    this.folder = folder;
  }

  /**
   * The libraries of this user. Also sees to it that JavaCPP, whose own library comes with ours,
   * does not fall back to a folder in the temporary directory whose name others can guess.
   *
   * @return libraries in a private folder
   * @throws BackendUnavailableException if no private folder can be had
   */
  public static BundledLibraries open() {
    synchronized (OPENED) {
      if (OPENED.get() == null) {
        OPENED.set(find());
      }
      return OPENED.get();
    }
  }

  private static BundledLibraries find() {
    Path home = Path.of(System.getProperty("user.home", ""));
    try {
      BundledLibraries libraries = in(home.resolve(".cache").resolve("otfuse"));
      if (System.getProperty(JAVACPP_FOLDER) == null && !isSafe(home.resolve(".javacpp/cache"))) {
        System.setProperty(JAVACPP_FOLDER, libraries.folder.resolve("javacpp").toString());
      }
      return libraries;
    } catch (IOException e) {
      throw unavailable(e);
    }
  }

  private static BackendUnavailableException unavailable(IOException e) {
    return new BackendUnavailableException(
        "Native libraries cannot be unpacked (" + e.getMessage() + ").", e);
  }

  /** Whether only this user can write to a folder of JavaCPP, which is made if it is not there. */
  static boolean isSafe(Path folder) {
    try {
      if (!folder.isAbsolute()) {
        return false;
      }
      Files.createDirectories(folder);
      Path real = folder.toRealPath();
      Path mine = Files.createTempFile(real, "owner", null);
      try {
        if (knowsModes(real)) {
          requireSafe(real, uid(mine), 0);
          requireSafeAbove(real, uid(mine));
        }
        return true;
      } finally {
        Files.delete(mine);
      }
    } catch (IOException e) {
      return false;
    }
  }

  /** In a folder that is made private, or in a temporary one if that cannot be. */
  static BundledLibraries in(Path wanted) throws IOException {
    try {
      if (!wanted.isAbsolute()) {
        throw new FileSystemException("the user has no home");
      }
      Files.createDirectories(wanted.getParent());
      Path folder = wanted.getParent().toRealPath().resolve(wanted.getFileName());
      makePrivate(folder);
      requireSafeAbove(folder);
      return new BundledLibraries(folder);
    } catch (IOException e) {
      Path temporary = Files.createTempDirectory("otfuse").toRealPath();
      Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(temporary)));
      requireSafeAbove(temporary);
      return new BundledLibraries(temporary);
    }
  }

  private static void requireSafeAbove(Path folder) throws IOException {
    if (knowsModes(folder)) {
      requireSafeAbove(folder, uid(folder));
    }
  }

  /** Refuses a folder above which others could put another in its place. */
  private static void requireSafeAbove(Path folder, int user) throws IOException {
    for (Path above = folder.getParent(); above != null; above = above.getParent()) {
      requireSafe(above, user, STICKY);
    }
  }

  /**
   * Refuses a folder that belongs to others than the user and whom the system belongs to, or that
   * others may write to.
   *
   * @param allowing bits of its mode of which one makes up for that: in a sticky folder nobody can
   *     remove or rename what is another's
   */
  private static void requireSafe(Path folder, int user, int allowing) throws IOException {
    int owner = uid(folder);
    int mode = (int) Files.getAttribute(folder, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    if (owner != user && owner != 0 && owner != uid(folder.getRoot())) {
      throw new FileSystemException(folder + " belongs to " + Files.getOwner(folder));
    }
    if ((mode & WRITABLE_BY_OTHERS) != 0 && (mode & allowing) == 0) {
      throw new FileSystemException(folder + " can be written to by other users");
    }
  }

  private static boolean knowsModes(Path folder) {
    return folder.getFileSystem().supportedFileAttributeViews().contains("unix");
  }

  private static int uid(Path file) throws IOException {
    return (int) Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS);
  }

  private static void delete(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
    } catch (IOException ignored) {
      // The process ends; nobody is left to be told.
    }
  }

  Path folder() {
    return folder;
  }

  /** A real folder, ours and closed to others; permissions that are too wide are taken away. */
  private static void makePrivate(Path folder) throws IOException {
    boolean posix = folder.getFileSystem().supportedFileAttributeViews().contains("posix");
    try {
      Files.createDirectory(
          folder,
          posix
              ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(OWNER_ONLY)}
              : new FileAttribute<?>[0]);
    } catch (FileAlreadyExistsException e) {
      // Made before, or by another thread or process just now; it is looked at below.
    }
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileSystemException(folder + " is no folder of its own");
    }
    if (posix) {
      PosixFileAttributeView view =
          Files.getFileAttributeView(
              folder, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
      view.setPermissions(OWNER_ONLY);
      Path mine = Files.createTempFile(folder, "owner", null);
      try {
        if (!Files.getOwner(mine).equals(view.getOwner())) {
          throw new FileSystemException(folder + " belongs to " + view.getOwner());
        }
      } finally {
        Files.delete(mine);
      }
    }
  }

  /**
   * Takes a library out of its jar.
   *
   * @param resource where it is in the jar
   * @return the file of a private copy with the same bytes
   * @throws BackendUnavailableException if it cannot be read or written, or the copy is not the
   *     same
   */
  public URL extract(URL resource) {
    try (InputStream in = resource.openStream()) {
      byte[] library = in.readAllBytes();
      byte[] digest = sha256(library);
      Path place = folder.resolve(HexFormat.of().formatHex(digest));
      makePrivate(place);
      String path = resource.getPath();
      Path file = place.resolve(path.substring(path.lastIndexOf('/') + 1));
      if (!holds(file, digest)) {
        Path temporary = Files.createTempFile(place, "library", null);
        try {
          Files.write(temporary, library);
          Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
          Files.deleteIfExists(temporary);
        }
      }
      if (!holds(file, digest)) {
        throw new FileSystemException(file + " does not hold what was written to it");
      }
      return file.toUri().toURL();
    } catch (IOException e) {
      throw unavailable(e);
    }
  }

  private static boolean holds(Path file, byte[] digest) throws IOException {
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
        && Arrays.equals(digest, sha256(Files.readAllBytes(file)));
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
