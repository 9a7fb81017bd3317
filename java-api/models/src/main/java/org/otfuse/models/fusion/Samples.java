package org.otfuse.models.fusion;

import java.nio.file.Path;
import java.util.function.Function;
import org.otfuse.models.Dataset;
import org.otfuse.models.NoiseSamples;
import org.otfuse.models.OnnxModel;

/**
 * Samples that a fusion uses.
 *
 * @param name the file, or what the samples in memory are called
 * @param read brings them, given the anchor
 * @param isNoise whether they are no data but drawn
 */
public record Samples(String name, Function<OnnxModel, Dataset> read, boolean isNoise) {
  /** Samples in a file. */
  public static Samples of(Path file) {
    return new Samples(file.toString(), anchor -> Dataset.read(file), false);
  }

  /** Samples in memory. */
  public static Samples of(Dataset data) {
    return new Samples(data.name(), anchor -> data, false);
  }

  /** Noise that fits the anchor. */
  public static Samples noise(long seed) {
    return new Samples("noise", anchor -> NoiseSamples.of(anchor, NoiseSamples.COUNT, seed), true);
  }
}
