package org.otfuse.models.file;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names of temporary files: each tells the process that made it, by its number and its start in
 * milliseconds since 1970, because numbers are used again.
 */
final class TemporaryName {
  private static final Pattern NAME =
      Pattern.compile("\\.otfuse-([0-9]{1,18})-([0-9]{1,18})-[0-9a-f-]{36}\\.tmp");

  private static final Duration YOUNG = Duration.ofMinutes(1);

  private TemporaryName() {}

  /** A name that no other file has. */
  static String next() {
    ProcessHandle own = ProcessHandle.current();
    return ".otfuse-" + own.pid() + "-" + start(own).orElse(0L) + "-" + UUID.randomUUID() + ".tmp";
  }

  private static Optional<Long> start(ProcessHandle process) {
    return process.info().startInstant().map(Instant::toEpochMilli);
  }

  /**
   * What lies beside a temporary file of this process, has the same owner, is named after a process
   * that is no more, and is no younger than a minute; nothing where that cannot be told. A younger
   * one may be of a process that cannot be seen from here and has not locked it yet.
   */
  static List<Path> leftBehind(Path own) {
    List<Path> left = new ArrayList<>();
    try {
      UserPrincipal owner = Files.getOwner(own, LinkOption.NOFOLLOW_LINKS);
      try (DirectoryStream<Path> beside =
          Files.newDirectoryStream(own.getParent(), TemporaryName::isOfNoProcess)) {
        for (Path path : beside) {
          if (owner.equals(Files.getOwner(path, LinkOption.NOFOLLOW_LINKS)) && !isYoung(path)) {
            left.add(path);
          }
        }
      }
    } catch (IOException | DirectoryIteratorException | UnsupportedOperationException e) {
      return left;
    }
    return left;
  }

  private static boolean isYoung(Path path) throws IOException {
    Instant changed = Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS).toInstant();
    return changed.isAfter(Instant.now().minus(YOUNG));
  }

  /** Whether a file is a temporary one whose process has ended. */
  static boolean isOfNoProcess(Path path) {
    Matcher name = NAME.matcher(String.valueOf(path.getFileName()));
    if (!name.matches()) {
      return false;
    }
    long start = Long.parseLong(name.group(2));
    Optional<ProcessHandle> process = ProcessHandle.of(Long.parseLong(name.group(1)));
    return process.isEmpty() || start(process.get()).filter(other -> other != start).isPresent();
  }
}
