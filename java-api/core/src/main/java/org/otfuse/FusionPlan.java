package org.otfuse;

import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.otfuse.check.Cancellation;
import org.otfuse.engine.Fusion;
import org.otfuse.engine.ProgramBuilder;
import org.otfuse.events.PlanCallEvent;
import org.otfuse.spi.CompiledFusion;

/**
 * A fusion that is prepared for one architecture and run again and again, from direct buffers into
 * a direct buffer. Made by {@link FusionEngine#prepare}.
 *
 * <p>It follows all options that {@link FusionEngine#fuse} follows, and gives the same bits where
 * the back end has no program for it: with activations, coordinate descent, the identity as solver,
 * an automatic anchor, residual policies other than joint, on the java and nd4j back ends always,
 * and for weights that a program leaves to it because of their magnitudes. A program gives the same
 * up to rounding.
 *
 * <p>A plan works for one thread at a time and may be handed from thread to thread; a call while
 * another runs, or closing it then, throws {@link IllegalStateException}. Different plans of one
 * engine may run at the same time, so a service with several threads gives each a plan of its own:
 * it takes a plan out of a {@link java.util.concurrent.BlockingQueue} of as many plans as may run
 * at once and puts it back. A plan whose engine has been closed refuses to run and is still to be
 * closed; closing it twice is harmless.
 */
public final class FusionPlan implements AutoCloseable {
  private enum State {
    IDLE,
    RUNNING,
    CLOSED
  }

  private final FusionEngine engine;
  private final Architecture architecture;
  private final FusionOptions options;
  private final int models;
  private final int length;
  private final Optional<CompiledFusion> compiled;
  private final AtomicReference<State> state = new AtomicReference<>(State.IDLE);
  private final PlanCallEvent unrecorded = new PlanCallEvent(); // only knows whether one records

  FusionPlan(FusionEngine engine, Architecture architecture, FusionOptions options) {
    this.engine = engine;
    this.architecture = architecture;
    this.options = options;
    this.models = options.weights().isEmpty() ? 2 : options.weights().size();
    Fusion.requireModels(models, options);
    this.length = length(architecture);
    this.compiled =
        ProgramBuilder.covers(options)
            ? engine
                .backend()
                .compile(
                    ProgramBuilder.build(
                        architecture,
                        options.weightsFor(models),
                        options.anchor().index().orElseThrow(),
                        options.alignment()))
            : Optional.empty();
  }

  private static int length(Architecture architecture) {
    long length = architecture.tensors().stream().mapToLong(TensorLayout::length).sum();
    if (length > Integer.MAX_VALUE) {
      throw new InvalidInputException(
          "The models have %d weights, expected %d at most, as many as a buffer holds."
              .formatted(length, Integer.MAX_VALUE));
    }
    return (int) length;
  }

  /**
   * The number of models that a call takes.
   *
   * @return 2 or more
   */
  public int models() {
    return models;
  }

  /**
   * The number of floats of one model: all tensors of the architecture, in its order.
   *
   * @return the length of each buffer
   */
  public int length() {
    return length;
  }

  /**
   * Fuses one set of models.
   *
   * @param weights one direct buffer a model in native byte order, {@link #length} floats
   *     remaining: the tensors one after the other, row-major; not changed, positions not moved
   * @param output direct, as many floats remaining; written; must not overlap the models. Back ends
   *     that know addresses refuse it if it does; the others compute all before they write
   * @throws InvalidInputException if a buffer is not direct, has another byte order or length, the
   *     number of models differs, the output is one of the models, or a weight is not finite,
   *     naming the tensor and its index; the output is undefined then
   * @throws IllegalArgumentException if the output overlaps a model, on a back end that knows
   *     addresses; nothing is written then
   * @throws FusionCancelledException if the thread has been interrupted, which it stays
   * @throws IllegalStateException if the plan is closed or running, or its engine is closed
   */
  public void fuse(List<FloatBuffer> weights, FloatBuffer output) {
    fuse(weights, output, Progress.none());
  }

  /**
   * Fuses one set of models, tells how far it has come and may be stopped.
   *
   * @param weights one direct buffer a model, as {@link #fuse(List, FloatBuffer)} takes them
   * @param output direct, as there
   * @param progress hears one step for each alignment and one for the average and is asked between
   *     groups, if the back end has no program for the plan; if it has, it is asked once before the
   *     program starts, which then runs to its end, and hears one step
   * @throws FusionCancelledException if the progress or an interruption of the thread, which it
   *     stays, stops it; the output is what it was then
   */
  public void fuse(List<FloatBuffer> weights, FloatBuffer output, Progress progress) {
    call(weights, List.of(), output, progress);
  }

  /**
   * Fuses one set of models whose neurons are compared by their activations on the same samples.
   *
   * @param weights one direct buffer a model, as {@link #fuse(List, FloatBuffer)} takes them
   * @param activations one a model, in the same order; only read during the call
   * @param output direct, as there
   * @param progress hears one step for each alignment and one for the average, and may stop
   * @throws InvalidInputException as there, or if the activations do not fit the models
   * @throws FusionCancelledException if the progress or an interruption of the thread, which it
   *     stays, stops it; the output is what it was then
   */
  public void fuse(
      List<FloatBuffer> weights,
      List<? extends Activations> activations,
      FloatBuffer output,
      Progress progress) {
    if (Objects.requireNonNull(activations, "activations").size() != models) {
      throw new InvalidInputException(
          "Activations of %d models were given to a plan for %d."
              .formatted(activations.size(), models));
    }
    call(weights, activations, output, progress);
  }

  /** No activations at all mean that weights are compared. */
  private void call(
      List<FloatBuffer> weights,
      List<? extends Activations> activations,
      FloatBuffer output,
      Progress progress) {
    check(weights, output);
    Objects.requireNonNull(progress, "progress");
    State found = state.compareAndExchange(State.IDLE, State.RUNNING);
    if (found != State.IDLE) {
      throw busy("run", found);
    }
    try {
      engine.run(
          () -> {
            if (unrecorded.isEnabled()) {
              record(weights, activations, output, progress);
            } else {
              run(weights, activations, output, progress);
            }
          });
    } finally {
      state.set(State.IDLE);
    }
  }

  private void record(
      List<FloatBuffer> weights,
      List<? extends Activations> activations,
      FloatBuffer output,
      Progress progress) {
    PlanCallEvent event = new PlanCallEvent();
    event.begin();
    event.compiled = run(weights, activations, output, progress);
    event.models = models;
    event.length = length;
    event.commit();
  }

  /** Tells whether the back end's program did it. */
  private boolean run(
      List<FloatBuffer> weights,
      List<? extends Activations> activations,
      FloatBuffer output,
      Progress progress) {
    Cancellation.check(progress);
    boolean done =
        activations.isEmpty() && compiled.isPresent() && compiled.get().run(weights, output);
    if (done) {
      progress.step(1, 1);
    } else {
      fuseOnEngine(weights, activations, output, progress);
    }
    return done;
  }

  private void check(List<FloatBuffer> weights, FloatBuffer output) {
    if (Objects.requireNonNull(weights, "weights").size() != models) {
      throw new InvalidInputException(
          "Weights of %d models were given to a plan for %d.".formatted(weights.size(), models));
    }
    for (int k = 0; k < models; k++) {
      check(Objects.requireNonNull(weights.get(k), "weights"), "model ", k);
      if (weights.get(k) == output) {
        throw new InvalidInputException(
            "The buffer of the output is that of model " + k + ", expected one of its own.");
      }
    }
    check(Objects.requireNonNull(output, "output"), "the output", -1);
    if (output.isReadOnly()) {
      throw new InvalidInputException("The buffer of the output is read-only.");
    }
  }

  private void check(FloatBuffer buffer, String what, int index) {
    if (buffer.isDirect()
        && buffer.order() == ByteOrder.nativeOrder()
        && buffer.remaining() == length) {
      return;
    }
    throw new InvalidInputException(
        "The buffer of %s%s is %s, %s and has %d floats, expected a direct one in native order with %d."
            .formatted(
                what,
                index < 0 ? "" : String.valueOf(index),
                buffer.isDirect() ? "direct" : "on the heap",
                buffer.order(),
                buffer.remaining(),
                length));
  }

  private static IllegalStateException busy(String what, State found) {
    return new IllegalStateException(
        "the plan cannot "
            + what
            + " now: it is "
            + (found == State.CLOSED ? "closed" : "in use by another call"));
  }

  private void fuseOnEngine(
      List<FloatBuffer> weights,
      List<? extends Activations> activations,
      FloatBuffer output,
      Progress progress) {
    List<Model> inputs = new ArrayList<>();
    for (int k = 0; k < models; k++) {
      inputs.add(new Model("model " + k, architecture, slices(weights.get(k))));
    }
    ModelSource source = new MemorySource(inputs, activations);
    List<FloatBuffer> fused = engine.fuseWithin(source, options, progress).model().tensors();
    List<FloatBuffer> targets = slices(output);
    for (int t = 0; t < fused.size(); t++) {
      targets.get(t).put(fused.get(t).duplicate());
    }
  }

  private List<FloatBuffer> slices(FloatBuffer flat) {
    List<FloatBuffer> slices = new ArrayList<>();
    int offset = flat.position();
    for (TensorLayout tensor : architecture.tensors()) {
      slices.add(flat.slice(offset, tensor.length()));
      offset += tensor.length();
    }
    return slices;
  }

  @Override
  public void close() {
    State found = state.compareAndExchange(State.IDLE, State.CLOSED);
    if (found == State.IDLE) {
      compiled.ifPresent(CompiledFusion::close);
    } else if (found == State.RUNNING) {
      throw busy("be closed", found);
    }
  }
}
