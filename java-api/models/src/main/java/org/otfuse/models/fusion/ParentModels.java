package org.otfuse.models.fusion;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.otfuse.InvalidInputException;
import org.otfuse.TensorLayout;
import org.otfuse.models.OnnxFusionResult;
import org.otfuse.models.OnnxModel;

/**
 * Models of one architecture. Those in files are read when they are needed, again if they have to
 * be, so that memory does not grow with their number. Not thread-safe.
 */
final class ParentModels {
  private final List<Parent> parents;
  private final Stages stages;
  private final Map<Integer, List<Optional<FileStamp>>> stamps = new HashMap<>();
  private final Recent<OnnxModel> recent = new Recent<>(this::read);
  private final List<OnnxFusionResult.Parent> facts = new ArrayList<>();
  private final List<List<List<Integer>>> shapes = new ArrayList<>();
  private double readSeconds;
  private double compareSeconds;

  private ParentModels(List<Parent> parents, Stages stages) {
    this.parents = parents;
    this.stages = stages;
  }

  /**
   * Reads every model once.
   *
   * @param parents the models, in order
   * @param anchor index of the one that the others are compared with
   * @param stages hear of each file that is read
   * @throws InvalidInputException if two cannot be fused, naming the first difference
   */
  static ParentModels open(List<Parent> parents, int anchor, Stages stages) {
    ParentModels models = new ParentModels(parents, stages);
    OnnxModel first = models.get(anchor);
    for (int k = 0; k < parents.size(); k++) {
      OnnxModel model = models.get(k);
      long start = System.nanoTime();
      model.requireFusible(first);
      models.remember(k, model);
      models.compareSeconds += since(start);
    }
    return models;
  }

  private void remember(int k, OnnxModel model) {
    List<TensorLayout> tensors = model.model().architecture().tensors();
    shapes.add(tensors.stream().map(TensorLayout::shape).toList());
    facts.add(
        new OnnxFusionResult.Parent(
            model.model().name(),
            tensors.stream().mapToLong(TensorLayout::length).sum(),
            parents.get(k) instanceof Parent.Stored file
                ? file.path().toFile().length()
                : model.memoryBytes()));
  }

  private OnnxModel read(int k) {
    if (parents.get(k) instanceof Parent.Stored file) {
      return read(k, file.path());
    }
    return ((Parent.Held) parents.get(k)).model();
  }

  private OnnxModel read(int k, Path path) {
    long start = System.nanoTime();
    Optional<FileStamp> before = FileStamp.of(path);
    OnnxModel model = OnnxModel.read(path);
    requireUnchanged(k, path, before, model);
    stages.read(path, model.dataFiles());
    readSeconds += since(start);
    return model;
  }

  /** Refuses a file that somebody writes to, or that is no longer the one that was read first. */
  private void requireUnchanged(int k, Path path, Optional<FileStamp> before, OnnxModel model) {
    List<Optional<FileStamp>> now = new ArrayList<>(List.of(FileStamp.of(path)));
    model.dataFiles().stream().sorted().map(FileStamp::of).forEach(now::add);
    stamps.putIfAbsent(k, now);
    if (!now.get(0).equals(before) || !now.equals(stamps.get(k))) {
      throw new InvalidInputException(
          "Model %s was changed while it was read, expected files that stay as they are."
              .formatted(path));
    }
  }

  private static double since(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  /** The number of models. */
  int size() {
    return parents.size();
  }

  /** A model, with the same values each time. */
  OnnxModel get(int k) {
    return recent.get(k);
  }

  /** What is known of the models without reading them again. */
  List<OnnxFusionResult.Parent> facts() {
    return facts;
  }

  /** Whether all models have tensors of the same shapes. */
  boolean sameShapes() {
    return shapes.stream().distinct().count() == 1;
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
