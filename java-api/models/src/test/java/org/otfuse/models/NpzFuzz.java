package org.otfuse.models;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.otfuse.InvalidInputException;

/** Reads a data set, writes it and reads it again. */
public final class NpzFuzz implements FuzzTarget {
  /** One of so many is written, since a file that is forced to the disk takes its time. */
  private static final int WRITTEN = 16;

  private static final NpzFuzz TARGET = new NpzFuzz();

  private final Path file;

  NpzFuzz() {
    try {
      file = Files.createTempFile("fuzz", ".npz");
      file.toFile().deleteOnExit();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** For Jazzer. */
  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    TARGET.run(input);
  }

  @Override
  public String run(byte[] input) throws IOException {
    Dataset data;
    try {
      Files.write(file, input);
      data = Dataset.read(file);
    } catch (InvalidInputException e) {
      return String.valueOf(e.getMessage());
    }
    if (Arrays.hashCode(input) % WRITTEN != 0) {
      return "read";
    }
    data.write(file);
    Dataset again = Dataset.read(file);
    boolean same =
        again.imageShape().equals(data.imageShape())
            && again.hasLabels() == data.hasLabels()
            && again.images(0, again.size()).equals(data.images(0, data.size()));
    if (!same) {
      throw new AssertionError("it is another data set when it is read again");
    }
    return "read " + data.imageShape().size() + data.hasLabels();
  }

  @Override
  public List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    try {
      for (boolean labels : new boolean[] {true, false}) {
        Dataset.of(
                "seed",
                List.of(2, 1),
                new float[] {1, 2, 3, 4},
                labels ? Optional.of(new int[] {0, 1}) : Optional.empty())
            .write(file);
        seeds.add(Files.readAllBytes(file));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    seeds.add(TestFiles.bytes("tiny.npz"));
    return seeds;
  }

  @Override
  public List<byte[]> attacks() {
    return HostileArchives.all().values().stream().map(attack -> attack.bytes()).toList();
  }
}
