package org.otfuse.models.fusion;

import java.nio.file.Path;
import java.util.function.Supplier;
import org.otfuse.models.Dataset;

/**
 * Samples that a fusion uses.
 *
 * @param name the file, or what the samples in memory are called
 * @param read brings them
 */
public record Samples(String name, Supplier<Dataset> read) {
  /** Samples in a file. */
  public static Samples of(Path file) {
    return new Samples(file.toString(), () -> Dataset.read(file));
  }

  /** Samples in memory. */
  public static Samples of(Dataset data) {
    return new Samples(data.name(), () -> data);
  }
}
