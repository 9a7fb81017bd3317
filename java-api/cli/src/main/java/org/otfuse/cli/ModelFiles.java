package org.otfuse.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
  private final Recent<OnnxModel> recent = new Recent<>(this::read);
  private final List<Facts> facts = new ArrayList<>();
  private double readSeconds;
  private double compareSeconds;

  private ModelFiles(List<Path> paths) {
    this.paths = paths;
  }

  /**
   * Reads every file once.
   *
   * @param paths the files, in order
   * @param anchor index of the one that the others are compared with
   * @throws InvalidInputException if two cannot be fused, naming the first difference
   */
  static ModelFiles open(List<Path> paths, int anchor) {
    ModelFiles files = new ModelFiles(paths);
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
    OnnxModel file = OnnxModel.read(paths.get(k));
    readSeconds += since(start);
    return file;
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
