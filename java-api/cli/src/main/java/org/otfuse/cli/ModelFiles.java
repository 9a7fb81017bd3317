package org.otfuse.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.otfuse.InvalidInputException;
import org.otfuse.TensorLayout;
import org.otfuse.models.OnnxModel;

/**
 * Model files of one architecture that are read when they are needed, again if they have to be, so
 * that memory does not grow with their number. Not thread-safe.
 */
final class ModelFiles {
  /**
   * What is remembered of a file.
   *
   * @param name of the model
   * @param bytes size of the file
   * @param shapes of its tensors
   */
  record Facts(String name, long bytes, List<List<Integer>> shapes) {
    /** The number of weights. */
    long parameters() {
      return shapes.stream()
          .mapToLong(
              shape -> shape.stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b))
          .sum();
    }
  }

  private final List<Path> paths;
  private final CommandFiles files;
  private final Map<Integer, List<Optional<FileStamp>>> stamps = new HashMap<>();
  private final Recent<OnnxModel> recent = new Recent<>(this::read);
  private final List<Facts> facts = new ArrayList<>();
  private double readSeconds;
  private double compareSeconds;

  private ModelFiles(List<Path> paths, CommandFiles files) {
    this.paths = paths;
    this.files = files;
  }

  /**
   * Reads every file once.
   *
   * @param paths the files, in order
   * @param anchor index of the one that the others are compared with
   * @param command hears of the files beside the models that hold their data
   * @throws InvalidInputException if two cannot be fused, naming the first difference, or if a file
   *     that holds a model's data is written
   */
  static ModelFiles open(List<Path> paths, int anchor, CommandFiles command) {
    ModelFiles files = new ModelFiles(paths, command);
    OnnxModel first = files.get(anchor);
    for (int k = 0; k < paths.size(); k++) {
      OnnxModel file = files.get(k);
      long start = System.nanoTime();
      requireSameGraph(file, first);
      files.facts.add(
          new Facts(
              file.model().name(),
              paths.get(k).toFile().length(),
              file.model().architecture().tensors().stream().map(TensorLayout::shape).toList()));
      files.compareSeconds += since(start);
    }
    return files;
  }

  /** Refuses models that cannot be fused, naming the first difference. */
  static void requireSameGraph(OnnxModel file, OnnxModel anchor) {
    Optional<String> difference =
        file.model().architecture().difference(anchor.model().architecture());
    if (difference.isPresent()) {
      throw new InvalidInputException(
          "Model %s cannot be fused with %s: %s."
              .formatted(file.model().name(), anchor.model().name(), difference.get()));
    }
  }

  private OnnxModel read(int k) {
    long start = System.nanoTime();
    Path path = paths.get(k);
    Optional<FileStamp> before = FileStamp.of(path);
    OnnxModel file = OnnxModel.read(path);
    requireUnchanged(k, before, file);
    file.dataFiles().forEach(data -> files.reads("data of the model " + path, data));
    readSeconds += since(start);
    return file;
  }

  /** Refuses a file that somebody writes to, or that is no longer the one that was read first. */
  private void requireUnchanged(int k, Optional<FileStamp> before, OnnxModel file) {
    List<Optional<FileStamp>> now = new ArrayList<>(List.of(FileStamp.of(paths.get(k))));
    file.dataFiles().stream().sorted().map(FileStamp::of).forEach(now::add);
    stamps.putIfAbsent(k, now);
    if (!now.get(0).equals(before) || !now.equals(stamps.get(k))) {
      throw new InvalidInputException(
          "Model %s was changed while it was read, expected files that stay as they are."
              .formatted(paths.get(k)));
    }
  }

  private static double since(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  /** The number of models. */
  int size() {
    return paths.size();
  }

  /** A model, with the same values each time. */
  OnnxModel get(int k) {
    return recent.get(k);
  }

  /** What is known of a model without reading it again. */
  Facts facts(int k) {
    return facts.get(k);
  }

  /** Whether all models have tensors of the same shapes. */
  boolean sameWidths() {
    return facts.stream().map(Facts::shapes).distinct().count() == 1;
  }

  /** Time that reading and tracing took so far. */
  double readSeconds() {
    return readSeconds;
  }

  /** Time that comparing the graphs took. */
  double compareSeconds() {
    return compareSeconds;
  }
}
