package org.otfuse.models.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/**
 * A temporary file or folder, which is removed when it is closed and when the process ends. What a
 * process that was killed has left behind is removed when another one makes a temporary in the same
 * folder a minute later: names tell the process that made them, and a lock is held for as long as
 * it lives, which also those processes see that don't see the other's number.
 */
final class Temporary implements AutoCloseable {
  private static final String LOCK = "lock";

  private final Path path;
  private final boolean folder;
  private final Thread hook = new Thread(this::end, "otfuse-temporary");
  private Optional<FileChannel> channel = Optional.empty();
  private boolean ended;

  private Temporary(Path path, boolean folder) {
    this.path = path;
    this.folder = folder;
  }

  /**
   * Makes an empty file, open to be written.
   *
   * @param parent the folder
   * @param attributes of the file
   * @throws IOException if it cannot be made
   */
  static Temporary file(Path parent, FileAttribute<?>... attributes) throws IOException {
    return new Temporary(parent.resolve(TemporaryName.next()), false).open(attributes);
  }

  /**
   * Makes a folder that nobody else may look into.
   *
   * @param parent the folder that it is made in
   * @throws IOException if it cannot be made
   */
  static Temporary folder(Path parent) throws IOException {
    return new Temporary(parent.resolve(TemporaryName.next()), true).open();
  }

  private Temporary open(FileAttribute<?>... attributes) throws IOException {
    try {
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (IllegalStateException e) {
      throw new IOException("the process is ending", e);
    }
    try {
      create(attributes);
      TemporaryName.leftBehind(path).forEach(Temporary::removeUnlessLocked);
      return this;
    } catch (IOException | RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private synchronized void create(FileAttribute<?>... attributes) throws IOException {
    if (ended) {
      throw new IOException("the process is ending");
    }
    if (folder) {
      Files.createDirectory(path, hidden());
    }
    FileChannel made =
        FileChannel.open(
            folder ? path.resolve(LOCK) : path,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            attributes);
    channel = Optional.of(made);
    lock(made);
  }

  private FileAttribute<?>[] hidden() {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
        }
        : new FileAttribute<?>[0];
  }

  /** Where the file system knows no locks, others can't take one either and leave the file. */
  private static void lock(FileChannel made) {
    try {
      made.tryLock();
    } catch (IOException e) {
      return;
    }
  }

  /** Where it is. */
  Path path() {
    return path;
  }

  /** The file, open to be written; closing this closes it. */
  FileChannel channel() {
    return channel.orElseThrow();
  }

  /** Whether the end of the process has removed it. */
  synchronized boolean ended() {
    return ended;
  }

  private synchronized void end() {
    ended = true;
    remove(path);
  }

  /** Removes it, unless it has been moved away. */
  @Override
  public void close() {
    remove(path);
    try {
      if (channel.isPresent()) {
        channel.get().close();
      }
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IOException | IllegalStateException e) {
      // Nothing was written to it that is still wanted, or the hook is at work.
      return;
    }
  }

  /** Removes what no process holds any more; a folder may have been left without its lock. */
  private static void removeUnlessLocked(Path left) {
    boolean isFolder = Files.isDirectory(left, LinkOption.NOFOLLOW_LINKS);
    Path locked = isFolder ? left.resolve(LOCK) : left;
    if (isFolder && !Files.exists(locked, LinkOption.NOFOLLOW_LINKS)) {
      remove(left);
      return;
    }
    if (!Files.isRegularFile(locked, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (FileChannel channel =
            FileChannel.open(locked, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
        FileLock lock = channel.tryLock()) {
      if (lock != null) {
        remove(left);
      }
    } catch (IOException e) {
      // It is another process's after all, or another process has removed it.
      return;
    }
  }

  /** Removes a file, or a folder with the files in it; follows no links. */
  private static void remove(Path path) {
    try {
      if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
        try (DirectoryStream<Path> inside = Files.newDirectoryStream(path)) {
          for (Path file : inside) {
            Files.deleteIfExists(file);
          }
        }
      }
      Files.deleteIfExists(path);
    } catch (IOException e) {
      // A later process tries again.
      return;
    }
  }
}
