package org.otfuse.benchmarks;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.otfuse.Architecture;
import org.otfuse.cli.bench.Inputs;
import org.otfuse.models.OnnxModel;

/**
 * Reading and tracing, and writing, ONNX files in the temporary folder. Files that were just
 * written are read from the system's cache; a written file is on the disk when the call returns.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class FileSuite {
  private static final int FILES = 3;

  /** Networks that the file format's layers can be written down for in a few lines. */
  public enum Contents {
    /** 784-400-200-100-10, 1.7 MB. */
    MLP(Network.MLP),
    /** 3072-1024-1024-10, 16.8 MB. */
    WIDE_MLP(Network.WIDE_MLP),
    /** VGG11, 36.9 MB. */
    VGG11(Network.VGG11);

    private final Network network;

    Contents(Network network) {
      this.network = network;
    }
  }

  /** What is in the file. */
  @Param({"MLP", "WIDE_MLP", "VGG11"})
  public Contents contents;

  private Path folder;
  private double gigabytes;
  private Rotation<Path> files;
  private Rotation<OnnxModel> models;

  /** What one second does. */
  @State(Scope.Thread)
  @AuxCounters
  public static class Work {
    /** Bytes of the file. */
    public double gigabyte;

    /** Made by JMH. */
    public Work() {}
  }

  /** Made by JMH. */
  public FileSuite() {}

  /**
   * Writes the files and checks what is read.
   *
   * @throws IOException if they cannot be written
   */
  @Setup
  public void setUp() throws IOException {
    folder = Files.createTempDirectory("otfuse-benchmarks");
    Architecture architecture = contents.network.architecture();
    List<Path> paths = new ArrayList<>();
    List<OnnxModel> read = new ArrayList<>();
    for (int k = 0; k < FILES; k++) {
      FloatBuffer weights = Inputs.weights(architecture, k);
      Path path = folder.resolve("model" + k + ".onnx");
      OnnxSample.write(path, architecture, weights);
      OnnxModel model = OnnxModel.read(path);
      check(model, architecture, weights);
      model.write(path);
      check(OnnxModel.read(path), architecture, weights);
      paths.add(path);
      read.add(model);
    }
    gigabytes = 1e-9 * Files.size(paths.get(0));
    files = new Rotation<>(paths);
    models = new Rotation<>(read);
  }

  private static void check(OnnxModel model, Architecture architecture, FloatBuffer weights) {
    long groups =
        model.model().architecture().groups().stream()
            .filter(group -> group.pinned().isEmpty())
            .count();
    if (groups != architecture.groups().size()) {
      throw new WrongResultException(
          "%d neuron groups were traced, expected %d"
              .formatted(groups, architecture.groups().size()));
    }
    FloatBuffer left = weights.duplicate();
    for (FloatBuffer tensor : model.model().tensors()) {
      FloatBuffer expected = left.slice(left.position(), tensor.remaining());
      if (tensor.mismatch(expected) >= 0) {
        throw new WrongResultException("a tensor differs from what was written to its file");
      }
      left.position(left.position() + tensor.remaining());
    }
  }

  /**
   * Reads and traces one file.
   *
   * @param work counts it
   * @return the model
   */
  @Benchmark
  public OnnxModel read(Work work) {
    work.gigabyte += gigabytes;
    return OnnxModel.read(files.next());
  }

  /**
   * Writes one file.
   *
   * @param work counts it
   */
  @Benchmark
  public void write(Work work) {
    work.gigabyte += gigabytes;
    models.next().write(folder.resolve("written.onnx"));
  }

  /**
   * Removes the files.
   *
   * @throws IOException if they cannot be removed
   */
  @TearDown
  public void close() throws IOException {
    try (var paths = Files.list(folder)) {
      for (Path path : paths.toList()) {
        Files.delete(path);
      }
    }
    Files.delete(folder);
  }
}
