package org.otfuse.models.fusion;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Optional;

/**
 * What shows that a file was changed or that another took its name.
 *
 * @param size in bytes
 * @param modified when it was written last
 * @param key what the file system tells it by, if it does
 */
record FileStamp(long size, FileTime modified, Optional<Object> key) {
  /** The stamp of a file, or empty if it cannot be had. */
  static Optional<FileStamp> of(Path file) {
    try {
      BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
      return Optional.of(
          new FileStamp(
              found.size(), found.lastModifiedTime(), Optional.ofNullable(found.fileKey())));
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
