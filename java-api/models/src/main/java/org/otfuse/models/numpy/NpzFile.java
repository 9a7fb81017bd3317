package org.otfuse.models.numpy;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.otfuse.InvalidInputException;
import org.otfuse.models.file.AtomicFile;
import org.otfuse.models.file.Limits;
import org.otfuse.models.file.RegularFile;

/**
 * An npz file: a zip archive of npy arrays, as numpy.savez and numpy.savez_compressed write it.
 * What the archive says of an array's length is not believed before it is compared with the
 * archive's own, and checksums are checked.
 */
public final class NpzFile implements AutoCloseable {
  /** Deflate cannot shrink by more than this: a match of 258 bytes takes at least two bits. */
  static final int MAX_DEFLATE_RATIO = 1032;

  private static final int CHUNK_BYTES = 1 << 16;
  private static final String SUFFIX = ".npy";

  private final Path file;
  private final ZipFile zip;

  private NpzFile(Path file, ZipFile zip) {
    this.file = file;
    this.zip = zip;
  }

  public static NpzFile open(Path file) {
    RegularFile.check(file, "a zip archive of npy arrays");
    try {
      return new NpzFile(file, new ZipFile(file.toFile()));
    } catch (IOException | IllegalArgumentException e) {
      throw new InvalidInputException(
          "file %s can't be read as npz, expected a zip archive of npy arrays: %s"
              .formatted(file, e.getMessage()),
          e);
    }
  }

  /** The names of the arrays in the archive's order. */
  public List<String> names() {
    try {
      return zip.stream()
          .map(ZipEntry::getName)
          .filter(name -> name.endsWith(SUFFIX))
          .map(name -> name.substring(0, name.length() - SUFFIX.length()))
          .toList();
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException(
          "the entries of %s can't be read: %s".formatted(file, e.getMessage()), e);
    }
  }

  /** Reads an array, or gives empty if the archive has none of that name. */
  public Optional<NpyArray> read(String name) {
    String where = "array " + name + " of " + file;
    try {
      ZipEntry entry = zip.getEntry(name + SUFFIX); // decodes the entry's comment too
      if (entry == null) {
        return Optional.empty();
      }
      long available = available(entry, Files.size(file));
      checkBomb(entry, where, available);
      return Optional.of(read(entry, where, available));
    } catch (IOException | IllegalArgumentException e) {
      throw new InvalidInputException(
          "%s can't be unpacked: %s".formatted(where, e.getMessage()), e);
    }
  }

  /** Unpacks an entry that claims to have shrunk a lot once more before memory is taken for it. */
  private void checkBomb(ZipEntry entry, String where, long available) throws IOException {
    long trusted = Limits.TRUSTED_RATIO * Math.max(entry.getCompressedSize(), CHUNK_BYTES);
    if (available <= trusted) {
      return;
    }
    try (InputStream in = zip.getInputStream(entry)) {
      byte[] chunk = new byte[CHUNK_BYTES];
      long found = 0;
      for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
        found += count;
        if (found > available) {
          break;
        }
      }
      if (found != entry.getSize()) {
        throw new InvalidInputException(
            "%s unpacks to %d bytes, expected %d as the archive says"
                .formatted(where, found, entry.getSize()));
      }
    }
  }

  private NpyArray read(ZipEntry entry, String where, long available) throws IOException {
    try (InputStream raw = zip.getInputStream(entry);
        CheckedInputStream in = new CheckedInputStream(raw, new CRC32())) {
      NpyArray array = NpyArray.read(in, where, available);
      if (in.getChecksum().getValue() != entry.getCrc()) {
        throw new InvalidInputException(
            "%s has checksum %08x, expected %08x as the archive says: the file is damaged"
                .formatted(where, in.getChecksum().getValue(), entry.getCrc()));
      }
      return array;
    }
  }

  private static long available(ZipEntry entry, long fileBytes) {
    long packed = Math.min(entry.getCompressedSize(), fileBytes);
    long most = entry.getMethod() == ZipEntry.STORED ? packed : packed * MAX_DEFLATE_RATIO;
    return Math.min(entry.getSize(), most);
  }

  /**
   * Writes arrays deflated, in the map's order. The file appears complete or not at all.
   *
   * @param arrays by name
   */
  public static void write(Path file, Map<String, NpyArray> arrays) {
    AtomicFile.write(file, out -> writeArrays(out, arrays));
  }

  private static void writeArrays(OutputStream out, Map<String, NpyArray> arrays)
      throws IOException {
    OutputStream buffered = new BufferedOutputStream(out, CHUNK_BYTES);
    ZipOutputStream packed = new ZipOutputStream(buffered);
    for (Map.Entry<String, NpyArray> array : arrays.entrySet()) {
      ZipEntry entry = new ZipEntry(array.getKey() + SUFFIX);
      entry.setTimeLocal(LocalDateTime.of(1980, 1, 1, 0, 0));
      packed.putNextEntry(entry);
      array.getValue().write(packed);
      packed.closeEntry();
    }
    packed.finish();
    buffered.flush();
  }

  @Override
  public void close() {
    try {
      zip.close();
    } catch (IOException e) {
      throw new InvalidInputException("file " + file + " can't be closed: " + e.getMessage(), e);
    }
  }
}
