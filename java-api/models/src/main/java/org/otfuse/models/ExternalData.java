package org.otfuse.models;

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
import org.otfuse.InvalidInputException;

/**
 * Reads a tensor's data from a file beside the model. The model file is not trusted: only regular
 * files inside its own folder are opened, and none through a symbolic link.
 */
final class ExternalData {
  private final String tensor;
  private final Path model;
  private String location = "";
  private long offset;
  private long length = -1;

  private ExternalData(TensorProto tensor, Path model) {
    this.tensor = "tensor " + tensor.getName() + " of " + model;
    this.model = model;
    for (StringStringEntryProto entry : tensor.getExternalDataList()) {
      switch (entry.getKey()) {
        case "location" -> location = entry.getValue();
        case "offset" -> offset = number(entry);
        case "length" -> length = number(entry);
        default -> {}
      }
    }
  }

  /**
   * Reads the data.
   *
   * @param proto a tensor whose data location is external
   * @param model the file that it comes from
   * @param expected how many bytes its shape asks for
   * @return a buffer of exactly that many bytes
   */
  static ByteBuffer read(TensorProto proto, Path model, long expected) {
    return new ExternalData(proto, model).read(expected);
  }

  /**
   * Finds the file that holds the data.
   *
   * @param proto a tensor whose data location is external
   * @param model the file that it comes from
   */
  static Path file(TensorProto proto, Path model) {
    return new ExternalData(proto, model).file();
  }

  private ByteBuffer read(long expected) {
    Path file = file();
    if (length >= 0 && length != expected) {
      throw refuse("names %d bytes in %s, expected %d", length, location, expected);
    }
    try (FileChannel in =
        FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
      if (offset > in.size() || expected > in.size() - offset) {
        throw refuse(
            "needs %d bytes from byte %d of %s, which has %d",
            expected, offset, location, in.size());
      }
      ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(expected));
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

  private Path file() {
    Path relative;
    try {
      relative = Path.of(location);
    } catch (InvalidPathException e) {
      throw refuse("names no usable file: %s", location);
    }
    if (location.isEmpty() || relative.isAbsolute()) {
      throw refuse("names the file '%s', expected one relative to the model's folder", location);
    }
    Path file = model.toAbsolutePath().getParent();
    for (Path part : relative) {
      if (part.toString().equals("..")) {
        throw refuse("names the file %s, which leaves the model's folder", location);
      }
      file = file.resolve(part);
      if (Files.isSymbolicLink(file)) {
        throw refuse("names the file %s, which goes through a symbolic link", location);
      }
    }
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw refuse("names the file %s, which does not exist", location);
    }
    return file;
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
    throw refuse("has external data with %s '%s'", entry.getKey(), entry.getValue());
  }

  private InvalidInputException refuse(String format, Object... arguments) {
    return new InvalidInputException(tensor + " " + format.formatted(arguments));
  }
}
