package org.otfuse.models.runtime;

import ai.onnxruntime.OrtEnvironment;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.otfuse.InvalidInputException;
import org.otfuse.models.file.AtomicFile;
import org.otfuse.models.file.TemporaryFolder;

/**
 * Unpacks ONNX Runtime's native code for the moment in which it is loaded. The runtime would keep
 * its own copy, 28 MB in the folder for temporary files, until the process ends, and for ever if
 * that is killed; of what it does itself an empty folder remains.
 */
final class OnnxRuntimeLibraries {
  private static final String PROPERTY = "onnxruntime.native.path";
  private static final List<String> NAMES = List.of("onnxruntime", "onnxruntime4j_jni");
  private static final String EMPTY_FOLDERS = "onnxruntime-java[0-9]*";

  /** A process that uses such a folder fills it sooner. */
  private static final Duration LONG_EMPTY = Duration.ofMinutes(1);

  private OnnxRuntimeLibraries() {}

  /** Does the work during which the runtime loads its libraries. */
  static <T> T provide(Supplier<T> work) {
    if (System.getProperty(PROPERTY) != null) {
      return work.get();
    }
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      removeEmptyFolders(folder.path());
      if (unpack(folder.path())) {
        System.setProperty(PROPERTY, folder.path().toString());
      }
      return work.get();
    } finally {
      System.clearProperty(PROPERTY);
    }
  }

  /** Returns false if there are none for this platform, which the runtime itself says best. */
  private static boolean unpack(Path folder) {
    for (String name : NAMES) {
      String file = System.mapLibraryName(name);
      try (InputStream in =
          OrtEnvironment.class.getResourceAsStream("native/" + platform() + "/" + file)) {
        if (in == null) {
          return false;
        }
        Files.copy(in, folder.resolve(file));
      } catch (IOException e) {
        throw new InvalidInputException(
            "cannot unpack ONNX Runtime into %s: %s".formatted(folder, AtomicFile.reason(e)), e);
      }
    }
    return true;
  }

  /** As the runtime's resources are called. */
  private static String platform() {
    String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String machine = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    String os = system.startsWith("mac") ? "osx" : system.startsWith("win") ? "win" : "linux";
    return os + "-" + (machine.equals("amd64") || machine.equals("x86_64") ? "x64" : machine);
  }

  private static void removeEmptyFolders(Path own) {
    try (DirectoryStream<Path> found = Files.newDirectoryStream(own.getParent(), EMPTY_FOLDERS)) {
      Instant before = Instant.now().minus(LONG_EMPTY);
      for (Path folder : found) {
        if (Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
            && Files.getOwner(folder).equals(Files.getOwner(own))
            && Files.getLastModifiedTime(folder).toInstant().isBefore(before)
            && isEmpty(folder)) {
          Files.deleteIfExists(folder);
        }
      }
    } catch (IOException | DirectoryIteratorException | UnsupportedOperationException e) {
      // They take no room and disturb nobody.
      return;
    }
  }

  private static boolean isEmpty(Path folder) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      return !files.iterator().hasNext();
    }
  }
}
