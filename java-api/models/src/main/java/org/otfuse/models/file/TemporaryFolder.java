package org.otfuse.models.file;

import java.io.IOException;
import java.nio.file.Path;
import org.otfuse.InvalidInputException;

/**
 * A folder for files that nobody needs once the work is done. It lies where {@code java.io.tmpdir}
 * says and is removed when it is closed, when the process ends, or, if that was killed, when
 * another process makes one a minute later. Not for folders inside it. Thread-safe.
 */
public final class TemporaryFolder implements AutoCloseable {
  private final Temporary folder;

  private TemporaryFolder(Temporary folder) {
    this.folder = folder;
  }

  /**
   * Makes an empty folder that no other user may look into.
   *
   * @return the folder
   * @throws InvalidInputException if it cannot be made
   */
  public static TemporaryFolder create() {
    Path parent = Path.of(System.getProperty("java.io.tmpdir")).toAbsolutePath();
    try {
      return new TemporaryFolder(Temporary.folder(parent));
    } catch (IOException e) {
      throw new InvalidInputException(
          "cannot make a temporary folder in %s: %s; -Djava.io.tmpdir=FOLDER names another"
              .formatted(parent, AtomicFile.reason(e)),
          e);
    }
  }

  /**
   * Where it is.
   *
   * @return the folder's absolute path
   */
  public Path path() {
    return folder.path();
  }

  /** Removes the folder and the files in it. */
  @Override
  public void close() {
    folder.close();
  }
}
