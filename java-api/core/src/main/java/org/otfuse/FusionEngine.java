package org.otfuse;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.otfuse.align.Alignment;
import org.otfuse.average.TensorAverage;
import org.otfuse.average.TensorAverage.Member;
import org.otfuse.check.CheckedActivations;
import org.otfuse.check.Permutations;
import org.otfuse.device.Arena;
import org.otfuse.device.DeviceModel;
import org.otfuse.device.Stopwatch;
import org.otfuse.engine.Fusion;
import org.otfuse.events.RecordedBackend;
import org.otfuse.features.ActivationPair;
import org.otfuse.maps.GroupMaps;
import org.otfuse.spi.Backend;
import org.otfuse.spi.BackendSettings;
import org.otfuse.spi.Lifetime;
import org.otfuse.spi.NeuronMap;

/**
 * Fuses models on one back end. Thread-safe; close it when done, after which every call throws
 * {@link IllegalStateException}. Calls that run while it is closed, by another thread or by a
 * {@link FusionListener} or {@link ModelSource} that they call, end normally, and the back end is
 * freed when the last of them has ended.
 *
 * <p>Calls that take models end with {@link FusionCancelledException} when their thread is
 * interrupted, which it stays, or their listener says so. Both are looked at before each model,
 * each group of neurons, each batch of coordinate descent and each 16 MB of the average, so the
 * wait is that for one group's cost and coupling; where neurons are compared by activations, that
 * for all groups, which are one batch. What the call held is freed, and nothing else has changed.
 *
 * <pre>{@code
 * try (FusionEngine engine = FusionEngine.open()) {
 *   FusionResult result = engine.fuse(List.of(a, b), FusionOptions.DEFAULTS);
 * }
 * }</pre>
 */
public final class FusionEngine implements AutoCloseable {
  private final Backend backend;
  private final List<BackendStatus> skipped;
  private final Lifetime lifetime;

  FusionEngine(Backends.Opened opened) {
    this.backend = opened.backend();
    this.skipped = opened.skipped();
    this.lifetime = new Lifetime("the engine", backend::close);
  }

  /**
   * Opens an engine on the best back end that works here.
   *
   * @return the engine
   */
  public static FusionEngine open() {
    return open(BackendChoice.AUTO);
  }

  /**
   * Opens an engine on the chosen back end, one thread a core.
   *
   * @param choice which back end; anything but AUTO never falls back
   * @return the engine
   * @throws BackendUnavailableException if the back end cannot run here, with the reason
   */
  public static FusionEngine open(BackendChoice choice) {
    return open(choice, BackendSettings.DEFAULTS);
  }

  /**
   * Opens an engine on the chosen back end.
   *
   * @param choice which back end; anything but AUTO never falls back
   * @param settings threads
   * @return the engine
   * @throws BackendUnavailableException if the back end cannot run here, with the reason
   */
  public static FusionEngine open(BackendChoice choice, BackendSettings settings) {
    return new FusionEngine(Backends.open(choice, settings));
  }

  /**
   * The back end, whose operations are public too: pairwise cost, transport and averaging on ragged
   * batches of device-resident buffers.
   *
   * @return the back end; it is closed with the engine
   */
  public Backend backend() {
    lifetime.requireOpen();
    return backend;
  }

  /**
   * The better back ends that automatic choice passed over.
   *
   * @return one status a skipped back end, each with its reason; empty after an explicit choice
   */
  public List<BackendStatus> skipped() {
    return skipped;
  }

  /**
   * Fuses models whose neurons are compared by their weights.
   *
   * @param models two or more of the same architecture up to widths, all held at once
   * @param options how
   * @return the fused model and a report
   * @throws InvalidInputException if the models cannot be fused, naming the first difference
   */
  public FusionResult fuse(List<Model> models, FusionOptions options) {
    return fuse(ModelSource.of(models), options, FusionListener.none());
  }

  /**
   * Fuses models, tells how far it has come and shows how neurons were coupled.
   *
   * <p>Those of a source that was made of a list are averaged in one pass over all of them. Those
   * of any other are loaded one at a time: memory does not grow with their number, and is that of
   * the anchor, one other model and the result. They are summed in their order, as those of a list
   * are; the result is the same up to rounding, and the same bits on the java back end. Sums that
   * do not depend on the order are the business of {@link FusionAccumulator}.
   *
   * @param source two or more models of the same architecture up to widths
   * @param options how
   * @param listener hears one step for each alignment and one for the average, and every coupling,
   *     model after model; may stop the fusion
   * @return the fused model and a report
   * @throws InvalidInputException if the models cannot be fused, naming the first difference, or a
   *     value is not finite
   * @throws FusionCancelledException if the listener or an interruption stops it
   */
  public FusionResult fuse(ModelSource source, FusionOptions options, FusionListener listener) {
    return lifetime.call(
        () -> {
          Fusion fusion = new Fusion(RecordedBackend.of(backend), source, options, listener);
          return source instanceof MemorySource ? fusion.together() : fusion.streamed();
        });
  }

  /**
   * Chooses the anchor that {@link Anchor#automatic} stands for, for callers who need it before
   * they fuse. Models are loaded one at a time, each as often as there are models.
   *
   * @param source two or more models of the same architecture up to widths
   * @param options how the models would be aligned
   * @param progress hears one step for each alignment, K(K-1) of K models, and may stop
   * @return the index of the model with the least transport cost to all others
   * @throws InvalidInputException if the models cannot be fused, naming the first difference, or
   *     the solver is the identity
   * @throws FusionCancelledException if the progress or an interruption stops it
   */
  public int chooseAnchor(ModelSource source, AlignmentOptions options, Progress progress) {
    Objects.requireNonNull(progress, "progress");
    int steps = Objects.requireNonNull(source, "source").size() * (source.size() - 1);
    FusionOptions choosing =
        FusionOptions.builder().alignment(options).anchor(Anchor.automatic()).build();
    FusionListener listener =
        new FusionListener() {
          @Override
          public void step(int done, int total) {
            progress.step(done, steps);
          }

          @Override
          public boolean cancelled() {
            return progress.cancelled();
          }
        };
    return lifetime.call(
        () -> new Fusion(RecordedBackend.of(backend), source, choosing, listener).anchor());
  }

  /**
   * Aligns one model with an anchor, by weights.
   *
   * @param model the model
   * @param anchor of the same architecture up to widths
   * @param options how
   * @return the model in the anchor's order and architecture
   * @throws InvalidInputException if the models cannot be fused, naming the first difference
   */
  public AlignedModel align(Model model, Model anchor, AlignmentOptions options) {
    return align(model, anchor, Optional.empty(), options);
  }

  /**
   * Aligns one model with an anchor, by activations on the same samples.
   *
   * @param model the model
   * @param ofModel what it computes
   * @param anchor of the same architecture up to widths
   * @param ofAnchor what the anchor computes
   * @param options how
   * @return the model in the anchor's order and architecture
   * @throws InvalidInputException if the models cannot be fused, naming the first difference
   */
  public AlignedModel align(
      Model model,
      Activations ofModel,
      Model anchor,
      Activations ofAnchor,
      AlignmentOptions options) {
    ActivationPair checked =
        new ActivationPair(
            new CheckedActivations(ofModel, Objects.requireNonNull(model, "model")),
            new CheckedActivations(ofAnchor, Objects.requireNonNull(anchor, "anchor")));
    return align(model, anchor, Optional.of(checked), options);
  }

  private AlignedModel align(
      Model model, Model anchor, Optional<ActivationPair> activations, AlignmentOptions options) {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(anchor, "anchor");
    Objects.requireNonNull(options, "options");
    return lifetime.call(() -> aligned(model, anchor, activations, options));
  }

  private AlignedModel aligned(
      Model model, Model anchor, Optional<ActivationPair> activations, AlignmentOptions options) {
    Fusion.requireAlike(model, anchor);
    Backend working = RecordedBackend.of(backend);
    try (Arena arena = new Arena(working)) {
      DeviceModel device = new DeviceModel(model, arena);
      DeviceModel onto = new DeviceModel(anchor, arena);
      Alignment alignment =
          new Alignment(
              working, options, 0, device, onto, arena, new Stopwatch(), FusionListener.none());
      alignment.align(activations);
      Member member = new Member(device, 1, alignment.maps());
      Model carried = TensorAverage.model(working, anchor, List.of(member), Progress.none());
      return new AlignedModel(
          new Model(model.name(), anchor.architecture(), carried.tensors()),
          alignment.reports(),
          alignment.sweeps());
    }
  }

  /**
   * Does all that depends only on the architecture once, for services that fuse models of one
   * architecture again and again.
   *
   * @param architecture of every model and of the result
   * @param options how; as many models as it has weights, two if it has none
   * @return a plan on this engine, which works until either is closed
   */
  public FusionPlan prepare(Architecture architecture, FusionOptions options) {
    Objects.requireNonNull(architecture, "architecture");
    Objects.requireNonNull(options, "options");
    return lifetime.call(() -> new FusionPlan(this, architecture, options));
  }

  /** Fuses within a call of a plan, which has been let in already. */
  FusionResult fuseWithin(ModelSource models, FusionOptions options, Progress progress) {
    return new Fusion(RecordedBackend.of(backend), models, options, FusionListener.of(progress))
        .together();
  }

  /** Makes a call of a plan, which the back end outlives. */
  void run(Runnable call) {
    lifetime.run(call);
  }

  /**
   * Averages models without aligning them, for comparison.
   *
   * @param models one or more of the same architecture and widths
   * @param weights one a model, finite, not negative, summing to 1 within 1e-6
   * @return the average
   * @throws InvalidInputException if the models differ, naming the first difference, or the weights
   *     are not what they have to be
   */
  public Model average(List<Model> models, List<Double> weights) {
    List<Model> all = List.copyOf(Objects.requireNonNull(models, "models"));
    List<Double> shares = List.copyOf(Objects.requireNonNull(weights, "weights"));
    if (all.isEmpty() || shares.size() != all.size()) {
      throw new InvalidInputException(
          "Found %d models and %d weights to average, expected a model or more and one weight for each."
              .formatted(all.size(), shares.size()));
    }
    FusionOptions.checkWeights(shares);
    return lifetime.call(() -> averaged(all, shares));
  }

  private Model averaged(List<Model> models, List<Double> weights) {
    Model first = models.get(0);
    models.forEach(model -> model.requireSame(first.architecture(), first.name()));
    Backend working = RecordedBackend.of(backend);
    try (Arena arena = new Arena(working)) {
      List<Member> members = new ArrayList<>();
      for (int k = 0; k < models.size(); k++) {
        DeviceModel model = new DeviceModel(models.get(k), arena);
        members.add(new Member(model, weights.get(k), GroupMaps.identities(model.architecture())));
      }
      return TensorAverage.model(working, first, members, Progress.none());
    }
  }

  /**
   * Reorders the neurons of a model, which leaves the function that it computes unchanged.
   *
   * @param model the model
   * @param maps one map a group, in the order of the architecture's groups: a hard map that takes
   *     every neuron once, or an identity
   * @return the reordered model
   * @throws InvalidInputException if a map is missing, too many, soft, of another size or no
   *     permutation
   */
  public Model carry(Model model, List<? extends NeuronMap> maps) {
    Permutations.require(
        Objects.requireNonNull(model, "model").architecture().groups(),
        Objects.requireNonNull(maps, "maps"));
    List<GroupMaps> pairs = maps.stream().map(map -> new GroupMaps(map, map)).toList();
    return lifetime.call(
        () -> {
          Backend working = RecordedBackend.of(backend);
          try (Arena arena = new Arena(working)) {
            Member member = new Member(new DeviceModel(model, arena), 1, pairs);
            return TensorAverage.model(working, model, List.of(member), Progress.none());
          }
        });
  }

  @Override
  public void close() {
    lifetime.close();
  }
}
