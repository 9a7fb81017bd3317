package org.otfuse.models.onnx;

import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.otfuse.InvalidInputException;
import org.otfuse.models.file.AtomicFile;
import org.otfuse.models.file.Excerpt;
import org.otfuse.models.file.Limits;

/**
 * Reads tensors' data from files beside a model. The model file is not trusted: only regular files
 * inside its own folder are opened, none through a symbolic link, and tensors that read the same
 * bytes again and again are refused.
 */
final class ExternalData {
  private final Path model;
  private final boolean hasFolder;
  private final Map<Path, Long> files = new HashMap<>();
  private long available;
  private long read;

  private ExternalData(Path model, boolean hasFolder) {
    this.model = model;
    this.hasFolder = hasFolder;
  }

  /**
   * Prepares to read; touches no file.
   *
   * @param model the file that names the others
   */
  static ExternalData beside(Path model) {
    return new ExternalData(model, true);
  }

  /**
   * Refuses to read, for a model that is in no file.
   *
   * @param name of the model
   */
  static ExternalData none(Path name) {
    return new ExternalData(name, false);
  }

  /**
   * Reads the data of one tensor.
   *
   * @param tensor a tensor whose data location is external
   * @param expected how many bytes its shape asks for
   * @return a buffer of exactly that many bytes
   */
  ByteBuffer read(TensorProto tensor, long expected) {
    return new Place(tensor).read(expected);
  }

  /** The files that were read so far. */
  Set<Path> files() {
    return Set.copyOf(files.keySet());
  }

  /** Where the data of one tensor is said to be. */
  private final class Place {
    private final String tensor;
    private String location = "";
    private long offset;
    private long length = -1;

    Place(TensorProto tensor) {
      this.tensor = "tensor " + Excerpt.of(tensor.getName()) + " of " + model;
      for (StringStringEntryProto entry : tensor.getExternalDataList()) {
        switch (entry.getKey()) {
          case "location" -> location = entry.getValue();
          case "offset" -> offset = number(entry);
          case "length" -> length = number(entry);
          default -> {}
        }
      }
    }

    ByteBuffer read(long expected) {
      Path file = file();
      if (length >= 0 && length != expected) {
        throw refuse("names %d bytes in %s, expected %d", length, location, expected);
      }
      try (FileChannel in =
          FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
        long size = in.size();
        if (offset > size || expected > size - offset) {
          throw refuse(
              "needs %d bytes from byte %d of %s, which has %d", expected, offset, location, size);
        }
        if (expected > Integer.MAX_VALUE) {
          throw refuse("needs %d bytes, expected at most %d", expected, Integer.MAX_VALUE);
        }
        count(file, size, expected);
        ByteBuffer bytes = ByteBuffer.allocate((int) expected);
        while (bytes.hasRemaining()) {
          if (in.read(bytes, offset + bytes.position()) < 0) {
            throw refuse("cannot be read to its end from %s", location);
          }
        }
        return bytes.flip();
      } catch (IOException e) {
        throw refuse("cannot be read from %s: %s", location, AtomicFile.reason(e));
      }
    }

    private void count(Path file, long size, long expected) {
      if (files.putIfAbsent(file, size) == null) {
        available += size;
      }
      read += expected;
      if (read / Limits.EXTERNAL_READS > available) {
        throw refuse(
            "brings the external data that is read to %d bytes, expected at most %d times the %d of"
                + " its files",
            read, Limits.EXTERNAL_READS, available);
      }
    }

    private Path file() {
      if (!hasFolder) {
        throw refuse(
            "has its data in the file %s, and a model from memory or a stream has no folder,"
                + " expected a model in one piece",
            Excerpt.of(location));
      }
      Path relative;
      try {
        relative = Path.of(location);
      } catch (InvalidPathException e) {
        throw refuse("names no usable file: %s", Excerpt.of(location));
      }
      if (location.isEmpty() || relative.isAbsolute()) {
        throw refuse(
            "names the file '%s', expected one relative to the model's folder",
            Excerpt.of(location));
      }
      Path file = model.toAbsolutePath().getParent();
      for (Path part : relative) {
        if (part.toString().equals("..")) {
          throw refuse("names the file %s, which leaves the model's folder", Excerpt.of(location));
        }
        file = file.resolve(part);
        if (Files.isSymbolicLink(file)) {
          throw refuse(
              "names the file %s, which goes through a symbolic link", Excerpt.of(location));
        }
      }
      if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        throw refuse("names the file %s, which does not exist", Excerpt.of(location));
      }
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        throw refuse("names %s, which is no regular file", Excerpt.of(location));
      }
      return file.normalize();
    }

    private long number(StringStringEntryProto entry) {
      try {
        long value = Long.parseLong(entry.getValue());
        if (value >= 0) {
          return value;
        }
      } catch (NumberFormatException e) {
        // The refusal below covers it.
      }
      throw refuse("has external data with %s '%s'", entry.getKey(), Excerpt.of(entry.getValue()));
    }

    private InvalidInputException refuse(String format, Object... arguments) {
      return new InvalidInputException(tensor + " " + format.formatted(arguments));
    }
  }
}
