package org.otfuse.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import org.otfuse.InvalidInputException;
import org.otfuse.models.file.AtomicFile;

/**
 * The files that a command reads and those that it writes: none may be both, none is written twice.
 * They are told apart by what they are and not by their names, so that links don't hide anything.
 * Not thread-safe.
 */
final class CommandFiles {
  /**
   * One file.
   *
   * @param what the words for it
   * @param place its path without links
   * @param key what the file system tells it by, if it is there and the system does so
   */
  private record Use(String what, Path place, Optional<Object> key) {
    boolean same(Use other) {
      boolean both = key.isPresent() && other.key.isPresent();
      return both ? key.equals(other.key) : samePlace(other);
    }

    /** Names of files that are not there yet may differ by case alone and mean one file. */
    private boolean samePlace(Use other) {
      return key.equals(other.key) && place.toString().equalsIgnoreCase(other.place.toString());
    }
  }

  private final Set<Use> read = new LinkedHashSet<>();
  private final Set<Use> written = new LinkedHashSet<>();

  CommandFiles() {}

  /**
   * Notes a file that is read.
   *
   * @param what the words for it, as in "one of the models"
   * @throws InvalidInputException if it is written, too
   */
  void reads(String what, Path file) {
    if (!Files.exists(file)) {
      return;
    }
    try {
      Use use = new Use(what, file.toRealPath(), key(file));
      read.add(use);
      written.forEach(target -> requireOther(target, use));
    } catch (IOException e) {
      throw new InvalidInputException("%s cannot be read: %s.".formatted(file, e.getMessage()), e);
    }
  }

  /**
   * Notes a file that is made or replaced.
   *
   * @param option the option that names it
   * @throws InvalidInputException if it cannot be written, is read, or is written already
   */
  void writes(String option, Path file) {
    if (file.toString().equals("-")) {
      throw new InvalidInputException(
          "%s - asks for standard output, expected the name of a file.".formatted(option));
    }
    try {
      Path place = AtomicFile.requireWritable(file);
      Use use = new Use(option + " " + file, place, key(place));
      for (Use other : written) {
        if (other.same(use)) {
          throw new InvalidInputException(
              "%s is the file of %s, too; expected another file.".formatted(use.what, other.what));
        }
      }
      written.add(use);
      read.forEach(input -> requireOther(use, input));
    } catch (IOException e) {
      throw new InvalidInputException(
          "%s %s cannot be written: %s.".formatted(option, file, e.getMessage()), e);
    }
  }

  private static void requireOther(Use target, Use input) {
    if (target.same(input)) {
      throw new InvalidInputException(
          "%s is %s, and files that are read are never written to; expected another file."
              .formatted(target.what, input.what));
    }
  }

  private static Optional<Object> key(Path file) throws IOException {
    return Files.exists(file)
        ? Optional.ofNullable(Files.readAttributes(file, BasicFileAttributes.class).fileKey())
        : Optional.empty();
  }
}
