package org.otfuse.cli;

import java.nio.file.Path;

/**
 * What a text calls two model files: their names, or where these are the same their paths.
 *
 * @param first of the first
 * @param second of the second
 */
record FileNames(String first, String second) {
  static FileNames of(Path first, Path second) {
    String one = name(first);
    String other = name(second);
    return one.equals(other)
        ? new FileNames(OneLine.of(first.toString()), OneLine.of(second.toString()))
        : new FileNames(one, other);
  }

  private static String name(Path file) {
    return OneLine.of(String.valueOf(file.getFileName()));
  }
}
