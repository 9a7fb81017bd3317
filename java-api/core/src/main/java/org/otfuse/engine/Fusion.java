package org.otfuse.engine;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.otfuse.Activations;
import org.otfuse.AlignmentOptions;
import org.otfuse.Architecture;
import org.otfuse.FeatureKind;
import org.otfuse.FusionListener;
import org.otfuse.FusionOptions;
import org.otfuse.FusionResult;
import org.otfuse.GroupReport;
import org.otfuse.InvalidInputException;
import org.otfuse.Model;
import org.otfuse.ModelSource;
import org.otfuse.TensorLayout;
import org.otfuse.align.Alignment;
import org.otfuse.average.TensorAverage;
import org.otfuse.average.TensorAverage.Member;
import org.otfuse.check.Cancellation;
import org.otfuse.check.CheckedActivations;
import org.otfuse.device.Arena;
import org.otfuse.device.DeviceModel;
import org.otfuse.device.Stopwatch;
import org.otfuse.device.Stopwatch.Stage;
import org.otfuse.events.FusionEvent;
import org.otfuse.features.ActivationPair;
import org.otfuse.maps.GroupMaps;
import org.otfuse.spi.Backend;

/**
 * One fusion: the choice of the anchor, the alignment of the others, and the sum. Made for one run.
 */
public final class Fusion {
  /** Each is aligned with each, and the steps are counted in an int. */
  private static final int MOST_TO_CHOOSE_FROM = 46_340;

  private final Backend backend;
  private final ModelSource source;
  private final FusionOptions options;
  private final List<Double> weights;
  private final FusionListener listener;
  private final Stopwatch stopwatch = new Stopwatch();
  private final List<GroupReport> reports = new ArrayList<>();
  private final List<Integer> sweeps;
  private final int steps;
  private final FusionEvent event = new FusionEvent();
  private int done;

  /** Checks the number of models, weights and the anchor. */
  public Fusion(
      Backend backend, ModelSource source, FusionOptions options, FusionListener listener) {
    this.backend = backend;
    this.source = Objects.requireNonNull(source, "source");
    this.options = Objects.requireNonNull(options, "options");
    this.listener = Objects.requireNonNull(listener, "listener");
    int models = source.size();
    requireModels(models, options);
    this.weights = options.weightsFor(models);
    this.sweeps = new ArrayList<>(Collections.nCopies(models, 0));
    this.steps = options.anchor().isAutomatic() ? models * models : models;
  }

  /** Refuses fewer than two models, and an anchor that is none of them. */
  public static void requireModels(int models, FusionOptions options) {
    if (models < 2) {
      throw new InvalidInputException("Found " + models + " models to fuse, expected at least 2.");
    }
    if (options.anchor().isAutomatic() && models > MOST_TO_CHOOSE_FROM) {
      throw new InvalidInputException(
          "Found %d models to choose the anchor of, expected at most %d."
              .formatted(models, MOST_TO_CHOOSE_FROM));
    }
    int anchor = options.anchor().index().orElse(0);
    if (anchor >= models) {
      throw new InvalidInputException(
          "The anchor is model %d, expected one of 0 to %d.".formatted(anchor, models - 1));
    }
  }

  /** A model and its activations. */
  private record Loaded(int index, DeviceModel device, Optional<Activations> activations) {
    Model model() {
      return device.model();
    }
  }

  /** Fuses with all models on the device, in one pass of the back end over their tensors. */
  public FusionResult together() {
    event.begin();
    int chosen = anchor();
    try (Arena arena = new Arena(backend)) {
      Loaded anchor = load(chosen, arena);
      List<Member> members = new ArrayList<>();
      for (int k = 0; k < source.size(); k++) {
        if (k == chosen) {
          List<GroupMaps> identity = GroupMaps.identities(anchor.model().architecture());
          members.add(new Member(anchor.device, weights.get(k), identity));
        } else {
          Loaded model = load(k, arena);
          List<GroupMaps> maps = aligned(model, anchor, arena);
          members.add(new Member(model.device, weights.get(k), maps));
        }
      }
      Model fused =
          stopwatch.time(
              Stage.AVERAGE, () -> TensorAverage.model(backend, anchor.model(), members, listener));
      return result(anchor, fused);
    }
  }

  /**
   * Fuses with the anchor, one other model at a time and one sum for all, in the order of the
   * models. Of two models both are held anyway.
   */
  public FusionResult streamed() {
    if (source.size() == 2) {
      return together();
    }
    event.begin();
    int chosen = anchor();
    try (Arena arena = new Arena(backend)) {
      Loaded anchor = load(chosen, arena);
      TensorAverage sum = new TensorAverage(backend, anchor.model().architecture(), listener);
      for (int k = 0; k < source.size(); k++) {
        if (k == chosen) {
          add(anchor, GroupMaps.identities(anchor.model().architecture()), sum);
        } else {
          try (Arena own = new Arena(backend)) {
            Loaded model = load(k, own);
            add(model, aligned(model, anchor, own), sum);
          }
        }
      }
      return result(anchor, sum.model(anchor.model().name()));
    }
  }

  private void add(Loaded model, List<GroupMaps> maps, TensorAverage sum) {
    Member member = new Member(model.device, weights.get(model.index), maps);
    stopwatch.time(Stage.AVERAGE, () -> sum.add(List.of(member)));
  }

  private FusionResult result(Loaded anchor, Model fused) {
    step();
    FusionResult result =
        new FusionResult(
            fused,
            anchor.index,
            backend.name(),
            anchor.activations.isPresent() ? FeatureKind.ACTIVATIONS : FeatureKind.WEIGHTS,
            reports,
            sweeps,
            stopwatch.stages());
    record(result);
    return result;
  }

  private void record(FusionResult result) {
    event.end();
    if (event.shouldCommit()) {
      Architecture architecture = result.model().architecture();
      event.backend = result.backend();
      event.models = source.size();
      event.anchor = result.anchor();
      event.groups = architecture.groups().size();
      event.parameters = architecture.tensors().stream().mapToLong(TensorLayout::length).sum();
      event.features = result.features().name();
      event.solver = options.alignment().solver().name();
      event.sweeps = options.alignment().sweeps();
      event.commit();
    }
  }

  /** The anchor's index, given or chosen. */
  public int anchor() {
    return options.anchor().index().orElseGet(this::choose);
  }

  private int choose() {
    int best = 0;
    double least = Double.POSITIVE_INFINITY;
    for (int candidate = 0; candidate < source.size(); candidate++) {
      double cost = costToOthers(candidate);
      if (cost < least) {
        best = candidate;
        least = cost;
      }
    }
    return best;
  }

  private double costToOthers(int candidate) {
    AlignmentOptions costs = options.alignment().toBuilder().sweeps(0).build();
    double sum = 0;
    try (Arena arena = new Arena(backend)) {
      Loaded anchor = load(candidate, arena);
      for (int k = 0; k < source.size(); k++) {
        if (k != candidate) {
          try (Arena own = new Arena(backend)) {
            Loaded model = load(k, own);
            Alignment alignment =
                alignment(costs, model, anchor, own, FusionListener.of(listener)).measuring();
            align(alignment, model, anchor);
            sum += alignment.relativeCost();
          }
        }
      }
    }
    return sum;
  }

  private Loaded load(int k, Arena arena) {
    Cancellation.check(listener);
    Model model = source.model(k);
    Optional<Activations> activations =
        source.activations(k).map(given -> new CheckedActivations(given, model));
    return new Loaded(k, new DeviceModel(model, arena), activations);
  }

  private Alignment alignment(
      AlignmentOptions how, Loaded model, Loaded anchor, Arena arena, FusionListener hearing) {
    return new Alignment(
        backend, how, model.index, model.device, anchor.device, arena, stopwatch, hearing);
  }

  private void align(Alignment alignment, Loaded model, Loaded anchor) {
    requireAlike(model.model(), anchor.model());
    if (model.activations.isPresent() != anchor.activations.isPresent()) {
      throw new InvalidInputException(
          "Activations were given for only one of the models %s and %s, expected both or none."
              .formatted(model.model().name(), anchor.model().name()));
    }
    alignment.align(
        model.activations.map(a -> new ActivationPair(a, anchor.activations.orElseThrow())));
    step();
  }

  private List<GroupMaps> aligned(Loaded model, Loaded anchor, Arena arena) {
    Alignment alignment = alignment(options.alignment(), model, anchor, arena, listener);
    align(alignment, model, anchor);
    reports.addAll(alignment.reports());
    sweeps.set(model.index, alignment.sweeps());
    return alignment.maps();
  }

  private void step() {
    listener.step(++done, steps);
  }

  /** Refuses models that cannot be fused, naming the first difference. */
  public static void requireAlike(Model model, Model anchor) {
    Optional<String> difference = model.architecture().difference(anchor.architecture());
    if (difference.isPresent()) {
      throw new InvalidInputException(
          "Model %s cannot be fused with %s: %s."
              .formatted(model.name(), anchor.name(), difference.get()));
    }
  }
}
