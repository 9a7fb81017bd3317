package org.otfuse.models.file;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import org.otfuse.InvalidInputException;

/**
 * Writes a file as a whole or not at all: the content goes to a temporary file beside the target,
 * is forced to disk, and takes the target's name in one step. Until then an existing target keeps
 * its content, so the target may be the very file that the content comes from. Stateless and
 * thread-safe.
 */
public final class AtomicFile {
  private AtomicFile() {}

  /** What puts the content into the stream. */
  @FunctionalInterface
  public interface Content {
    /**
     * Writes everything.
     *
     * @param out where to; the caller closes it
     * @throws IOException if the stream fails
     */
    void writeTo(OutputStream out) throws IOException;
  }

  /**
   * Writes or replaces a file. A symbolic link keeps being one: the file that it names is replaced.
   * A file that is replaced keeps its permissions, a new one gets those of every new file.
   *
   * @param target the file; its folder has to exist
   * @param content writes the bytes
   * @throws InvalidInputException if the target cannot be written; the target is as before and no
   *     temporary file is left
   */
  public static void write(Path target, Content content) {
    try (Prepared prepared = prepare(target, content)) {
      commit(prepared);
    }
  }

  /**
   * A file whose content is on disk under another name. Closing it removes that, unless it was
   * {@linkplain #commit committed}. Not thread-safe.
   */
  public static final class Prepared implements AutoCloseable {
    private final Path target;
    private final Path file;
    private final Temporary temporary;

    private Prepared(Path target, Path file, Temporary temporary) {
      this.target = target;
      this.file = file;
      this.temporary = temporary;
    }

    private void move() {
      try {
        Files.move(temporary.path(), file, StandardCopyOption.ATOMIC_MOVE);
        force(file.getParent());
      } catch (IOException e) {
        throw refuse(e);
      }
    }

    private InvalidInputException refuse(IOException e) {
      return AtomicFile.refuse(target, temporary.ended() ? "the process is ending" : reason(e), e);
    }

    @Override
    public void close() {
      temporary.close();
    }
  }

  /**
   * Writes the content of a file, which does not appear yet.
   *
   * @param target the file; its folder has to exist
   * @param content writes the bytes
   * @return to be committed, and closed in any case
   * @throws InvalidInputException if the target cannot be written; no temporary file is left
   */
  public static Prepared prepare(Path target, Content content) {
    Path file = requireWritable(target);
    Optional<Set<PosixFilePermission>> permissions;
    Prepared prepared;
    try {
      permissions = permissions(file);
      Temporary temporary = Temporary.file(file.getParent(), attributes(permissions));
      prepared = new Prepared(target, file, temporary);
    } catch (IOException e) {
      throw refuse(target, reason(e), e);
    }
    try {
      fill(prepared.temporary, permissions, content);
      return prepared;
    } catch (IOException e) {
      InvalidInputException refusal = prepared.refuse(e);
      prepared.close();
      throw refusal;
    } catch (RuntimeException | Error e) {
      prepared.close();
      throw e;
    }
  }

  /**
   * Makes or replaces files, each in one step, in the order given. All that can fail without the
   * system failing has been done before the first appears.
   *
   * @param files prepared, and not committed yet
   * @throws InvalidInputException if a target cannot be written; if that can be told beforehand,
   *     none is
   */
  public static void commit(Prepared... files) {
    for (Prepared prepared : files) {
      requireWritable(prepared.file);
    }
    for (Prepared prepared : files) {
      prepared.move();
    }
  }

  /**
   * Finds the file that a write would make or replace, and checks what can be checked beforehand.
   *
   * @param target where to write
   * @return the file's path, no part of which is a symbolic link
   * @throws InvalidInputException if there is no such folder, it takes no files, or the target is
   *     there and is no regular file, or a write-protected one
   */
  public static Path requireWritable(Path target) {
    if (target.getFileName() == null || Files.isDirectory(target)) {
      throw refuse(target, "it is a folder");
    }
    Path folder = target.toAbsolutePath().getParent();
    if (!Files.isDirectory(folder)) {
      throw refuse(target, "the folder " + folder + " does not exist");
    }
    boolean exists = Files.exists(target);
    if (Files.isSymbolicLink(target) && !exists) {
      throw refuse(target, "it is a symbolic link to a file that does not exist");
    }
    if (exists && !Files.isRegularFile(target)) {
      throw refuse(target, "it is a device, a pipe or a socket, expected a regular file or none");
    }
    if (exists && !Files.isWritable(target)) {
      throw refuse(target, "it is write-protected");
    }
    try {
      Path file = exists ? target.toRealPath() : folder.toRealPath().resolve(target.getFileName());
      if (!Files.isWritable(file.getParent())) {
        throw refuse(target, "the folder " + file.getParent() + " is write-protected");
      }
      return file;
    } catch (IOException e) {
      throw refuse(target, reason(e), e);
    }
  }

  /** Those of a file that is there, where the file system knows them. */
  private static Optional<Set<PosixFilePermission>> permissions(Path file) throws IOException {
    boolean known = Files.getFileAttributeView(file, PosixFileAttributeView.class) != null;
    return known && Files.exists(file)
        ? Optional.of(Files.getPosixFilePermissions(file))
        : Optional.empty();
  }

  /** At no time may others read more than they will. */
  private static FileAttribute<?>[] attributes(Optional<Set<PosixFilePermission>> permissions) {
    return permissions.stream()
        .map(PosixFilePermissions::asFileAttribute)
        .toArray(FileAttribute<?>[]::new);
  }

  private static void fill(
      Temporary file, Optional<Set<PosixFilePermission>> permissions, Content content)
      throws IOException {
    OutputStream out = Channels.newOutputStream(file.channel());
    content.writeTo(out);
    out.flush();
    if (permissions.isPresent()
        && !permissions.get().equals(Files.getPosixFilePermissions(file.path()))) {
      Files.setPosixFilePermissions(file.path(), permissions.get());
    }
    file.channel().force(true);
  }

  /** Makes a new name last, on systems that open folders. */
  private static void force(Path folder) {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // The file is there and whole; such a system keeps names in its own way.
      return;
    }
  }

  private static InvalidInputException refuse(Path target, String reason) {
    return refuse(target, reason, null);
  }

  private static InvalidInputException refuse(Path target, String reason, IOException cause) {
    return new InvalidInputException("cannot write " + target + ": " + reason, cause);
  }

  public static String reason(IOException e) {
    String type = e.getClass().getSimpleName();
    String message =
        e instanceof FileSystemException f && f.getReason() != null
            ? f.getReason()
            : e.getMessage();
    return switch (type) {
      case "AccessDeniedException" -> "permission denied";
      case "NoSuchFileException" -> "no such file";
      default -> message == null ? type : message;
    };
  }
}
