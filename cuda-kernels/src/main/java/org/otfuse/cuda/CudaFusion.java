package org.otfuse.cuda;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.LongFunction;
import org.otfuse.cuda.Alignment.Stage;
import org.otfuse.cuda.ModelMaps.Tensor;
import org.otfuse.numeric.FiniteValues;
import org.otfuse.spi.CompiledFusion;
import org.otfuse.spi.FusionProgram;

/**
 * A program on the device: weights go up, the average comes down, and in between everything stays
 * there. Models are aligned one after the other while the next one is on its way. The work is
 * captured into graphs: one for each model that is aligned, the last of which averages too; with
 * the exact solver, one up to each exact problem.
 */
final class CudaFusion implements CompiledFusion {
  private final Engine engine;
  private final FusionProgram program;
  private final Scratch scratch;
  private final Engine.Resource uploads;
  private final Member anchor;
  private final List<Member> members = new ArrayList<>();
  private final List<Member> aligned;
  private final Magnitudes magnitudes;
  private final Work anchorScan;
  private final long output;
  private final List<Work> average;
  private final List<Graph> cold;
  private List<Graph> warm = List.of();
  private boolean potentials;

  /** A model with a weight: its place on the device, and the event that it has arrived there. */
  private record Member(int model, long weights, long arrived, Optional<Alignment> alignment) {}

  /** What is launched, and the member that has to be there, first. */
  private record Graph(Engine.Resource executable, Member member, Optional<BooleanSupplier> host) {}

  CudaFusion(Engine engine, ExactSolvers exact, FusionProgram program) {
    this.engine = engine;
    this.program = program;
    try (Engine.Turn turn = engine.enter()) {
      scratch = new Scratch(engine);
      try {
        uploads = scratch.keep(engine.createStream());
        output = scratch.floats(program.length());
        anchor = member(program.anchor(), weights -> Optional.empty());
        magnitudes =
            new Magnitudes(scratch, 1 + program.weights().size() * Alignment.scans(program));
        anchorScan =
            magnitudes.finite(List.of(ScanBatch.Task.finite(anchor.weights, program.length())));
        Pinned pinned = new Pinned(scratch, Alignment.pinnedFloats(program));
        for (int k = 0; k < program.weights().size(); k++) {
          if (program.weights().get(k) != 0) {
            members.add(
                k == program.anchor()
                    ? anchor
                    : member(
                        k,
                        weights ->
                            Optional.of(
                                new Alignment(
                                    program,
                                    scratch,
                                    exact,
                                    pinned,
                                    magnitudes,
                                    weights,
                                    anchor.weights))));
          }
        }
        aligned = members.stream().filter(m -> m.alignment.isPresent()).toList();
        average = average();
        cold = capture();
        // Memory is given in the order of the engine's stream; uploads go on another.
        engine.synchronize();
      } catch (RuntimeException e) {
        scratch.close();
        throw e;
      }
    }
  }

  private Member member(int model, LongFunction<Optional<Alignment>> alignment) {
    long weights = scratch.floats(program.length());
    long arrived = scratch.keep(engine.createEvent()).value();
    return new Member(model, weights, arrived, alignment.apply(weights));
  }

  private List<Graph> capture() {
    List<Graph> graphs = new ArrayList<>();
    graphs.add(graph(List.of(anchorScan), anchor, Optional.empty()));
    for (Member member : aligned) {
      Alignment alignment = member.alignment.orElseThrow();
      for (Stage stage : alignment.stages()) {
        graphs.add(graph(stage.work(), member, stage.host()));
      }
      if (member != aligned.get(aligned.size() - 1)) {
        graphs.add(graph(alignment.rest(), member, Optional.empty()));
      }
    }
    List<Work> last = new ArrayList<>();
    Member member = anchor;
    if (!aligned.isEmpty()) {
      member = aligned.get(aligned.size() - 1);
      last.addAll(member.alignment.orElseThrow().rest());
    }
    last.addAll(average);
    graphs.add(graph(last, member, Optional.empty()));
    return graphs;
  }

  private Graph graph(List<Work> work, Member member, Optional<BooleanSupplier> host) {
    return new Graph(scratch.keep(engine.capture(work)), member, host);
  }

  private List<Work> average() {
    TensorSums sums = new TensorSums(scratch);
    for (int p = 0; p < program.parts().size(); p++) {
      FusionProgram.Part part = program.parts().get(p);
      List<TensorSums.Source> sources = new ArrayList<>();
      for (Member member : members) {
        Tensor tensor =
            member.alignment.isPresent()
                ? member.alignment.get().parts().get(p)
                : ModelMaps.still(member.weights, part);
        float weight = program.weights().get(member.model).floatValue();
        sources.add(
            new TensorSums.Source(tensor.values(), tensor.soft(), tensor.gathers(), weight));
      }
      sums.add(Address.after(output, part.offset()), ModelMaps.length(part), sources);
    }
    return sums.work();
  }

  @Override
  public boolean run(List<FloatBuffer> models, FloatBuffer target) {
    HostBuffers.require(models, target, program.weights().size(), length());
    try (Engine.Turn turn = engine.enter()) {
      if (!othersAreFinite(models)) {
        return false;
      }
      List<Graph> graphs = graphs();
      potentials = false;
      try {
        if (!run(graphs, models) || !magnitudes.good(magnitudes.count())) {
          return false;
        }
        engine.staging().download(output, target.slice().limit(length()), engine.stream());
      } catch (RuntimeException e) {
        engine.settle(uploads.value());
        throw e;
      }
      potentials = true;
      return true;
    }
  }

  /** Whether the weights of models that have no share in the average, and stay here, are finite. */
  private boolean othersAreFinite(List<FloatBuffer> models) {
    for (int k = 0; k < models.size(); k++) {
      boolean sent = k == program.anchor() || program.weights().get(k) != 0;
      if (!sent && FiniteValues.firstNotFinite(models.get(k)) >= 0) {
        return false;
      }
    }
    return true;
  }

  private int length() {
    return Math.toIntExact(program.length());
  }

  /** From a cold start, or from the potentials of the run before where there was one. */
  private List<Graph> graphs() {
    if (!potentials || !program.sinkhorn().warmStart()) {
      return cold;
    }
    if (warm.isEmpty()) {
      members.forEach(m -> m.alignment.ifPresent(a -> a.setWarm(true)));
      warm = capture();
    }
    return warm;
  }

  /** Whether the models' values let all of it run. */
  private boolean run(List<Graph> graphs, List<FloatBuffer> models) {
    send(anchor, models);
    await(anchor);
    int sent = 0;
    Member present = anchor;
    for (Graph graph : graphs) {
      if (graph.member != present) {
        present = graph.member;
        if (sent <= aligned.indexOf(present)) {
          send(aligned.get(sent++), models);
        }
        await(present);
      }
      engine.check(
          engine.driver().launch(graph.executable.value(), engine.stream()), "cudaGraphLaunch");
      if (sent < aligned.size() && sent <= aligned.indexOf(present) + 1) {
        send(aligned.get(sent++), models);
      }
      if (graph.host.isPresent()) {
        engine.synchronize();
        if (!graph.host.get().getAsBoolean()) {
          return false;
        }
      }
    }
    return true;
  }

  /** Sends a model up beside the work. */
  private void send(Member member, List<FloatBuffer> models) {
    engine.staging().upload(models.get(member.model), member.weights, uploads.value());
    engine.check(engine.driver().record(member.arrived, uploads.value()), "cudaEventRecord");
  }

  /** Lets work that is enqueued from now on wait until a model is there. */
  private void await(Member member) {
    engine.check(engine.driver().waitFor(engine.stream(), member.arrived), "cudaStreamWaitEvent");
  }

  @Override
  public void close() {
    scratch.close();
  }
}
