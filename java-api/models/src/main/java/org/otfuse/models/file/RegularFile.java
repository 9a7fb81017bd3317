package org.otfuse.models.file;

import java.nio.file.Files;
import java.nio.file.Path;
import org.otfuse.InvalidInputException;

/**
 * Refuses what cannot be read as a file of known length: folders, and pipes and devices, whose
 * opening may wait for ever. A symbolic link counts as what it leads to.
 */
public final class RegularFile {
  private RegularFile() {}

  /**
   * Checks before opening.
   *
   * @param expected what the file should be, for the message
   * @throws InvalidInputException if it is no regular file
   */
  public static void check(Path path, String expected) {
    if (Files.isRegularFile(path)) {
      return;
    }
    String found =
        !Files.exists(path)
            ? "does not exist"
            : Files.isDirectory(path)
                ? "is a folder, expected " + expected
                : "is a pipe or device, expected " + expected + " that is a regular file";
    throw new InvalidInputException("file " + path + " " + found);
  }
}
