package org.otfuse.models;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.otfuse.FeatureKind;
import org.otfuse.FusionOptions;
import org.otfuse.GroupReport;
import org.otfuse.models.closedform.GroupSelection;
import org.otfuse.models.closedform.LayerFit;
import org.otfuse.models.closedform.Strategy;

/**
 * A fused model and how it came about.
 *
 * @param model the fused model, in the anchor's graph
 * @param asked what was asked for beside the options of the alignment
 * @param parents what it was fused from, in order
 * @param anchor index of the model that the others were aligned to, given or chosen
 * @param weights one a model, given or chosen
 * @param strategy how neurons were merged and what was done after that, nothing left to AUTO
 * @param features what neurons were compared by
 * @param options how they were aligned; of no account where they were selected
 * @param groups how each neuron group of each model was aligned; empty where they were selected
 * @param selection whose neurons were kept in each group; empty where they were aligned
 * @param layers how near refit layers came to their goals; empty without a refit
 * @param accuracy how good the models are, where test data was given
 * @param seconds where the time went
 * @param backend what did the numeric work
 * @param warnings what keeps neurons from being aligned, or fits from meaning much
 */
public record OnnxFusionResult(
    OnnxModel model,
    Asked asked,
    List<Parent> parents,
    int anchor,
    List<Double> weights,
    Strategy strategy,
    FeatureKind features,
    FusionOptions options,
    List<GroupReport> groups,
    List<GroupSelection> selection,
    List<LayerFit> layers,
    Optional<Accuracy> accuracy,
    Seconds seconds,
    Worker backend,
    List<String> warnings) {
  /** Copies the lists. */
  public OnnxFusionResult {
    parents = List.copyOf(parents);
    weights = List.copyOf(weights);
    groups = List.copyOf(groups);
    selection = List.copyOf(selection);
    layers = List.copyOf(layers);
    warnings = List.copyOf(warnings);
  }

  /**
   * What was asked for.
   *
   * @param anchorSearched whether the anchor was left to be chosen
   * @param weightsSearched whether the weights were
   * @param calibration file or name of the calibration samples
   * @param test file or name of the test samples
   * @param samples most of the calibration samples that neurons are compared on
   * @param seed draws those samples and orders the sweeps
   */
  public record Asked(
      boolean anchorSearched,
      boolean weightsSearched,
      Optional<String> calibration,
      Optional<String> test,
      int samples,
      long seed) {}

  /**
   * A model that was fused.
   *
   * @param name of the file or the model
   * @param parameters how many weights it has
   * @param bytes size of the file, or of the model in memory
   */
  public record Parent(String name, long parameters, long bytes) {}

  /**
   * What did the numeric work.
   *
   * @param name the back end's
   * @param version its libraries
   * @param device where it computes
   */
  public record Worker(String name, String version, String device) {}

  /**
   * Test samples classified rightly, in percent.
   *
   * @param models of each model
   * @param plain of the models averaged as they are; empty where shapes differ
   * @param fused of the fused model
   * @param ensemble of all models together, by the mean of their probabilities
   * @param samples how many samples there were
   */
  public record Accuracy(
      List<Double> models, Optional<Double> plain, double fused, double ensemble, int samples) {
    /** Copies the list. */
    public Accuracy {
      models = List.copyOf(models);
    }
  }

  /**
   * Seconds of each stage.
   *
   * @param read reading and tracing files
   * @param trace comparing graphs
   * @param features running models on samples, and gathering what neurons are compared by
   * @param cost pairwise costs
   * @param solve couplings
   * @param average aligning and averaging tensors
   * @param search choosing anchor and weights
   * @param correction reset, repair or refit; of select all
   * @param write writing the model
   * @param total wall time without evaluation
   */
  public record Seconds(
      double read,
      double trace,
      double features,
      double cost,
      double solve,
      double average,
      double search,
      double correction,
      double write,
      double total) {
    private Seconds plus(double writing) {
      return new Seconds(
          read,
          trace,
          features,
          cost,
          solve,
          average,
          search,
          correction,
          write + writing,
          total + writing);
    }
  }

  /**
   * Writes the fused model as {@link OnnxModel#write} does: as a whole or not at all.
   *
   * @param path the file; it is replaced if it exists
   * @return the same with the time that writing took
   * @throws org.otfuse.InvalidInputException if it cannot be written
   */
  public OnnxFusionResult write(Path path) {
    long start = System.nanoTime();
    model.write(path);
    return withWriting((System.nanoTime() - start) / 1e9);
  }

  /**
   * The same once the model has been written.
   *
   * @param writing the seconds that it took
   * @return the result with those in its times
   */
  public OnnxFusionResult withWriting(double writing) {
    return new OnnxFusionResult(
        model,
        asked,
        parents,
        anchor,
        weights,
        strategy,
        features,
        options,
        groups,
        selection,
        layers,
        accuracy,
        seconds.plus(writing),
        backend,
        warnings);
  }
}
