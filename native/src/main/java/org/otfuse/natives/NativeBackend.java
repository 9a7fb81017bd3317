package org.otfuse.natives;

import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.function.ToIntFunction;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.otfuse.BackendChoice;
import org.otfuse.TransportReport;
import org.otfuse.natives.abi.Otfuse;
import org.otfuse.natives.abi.otf_assign_task;
import org.otfuse.natives.abi.otf_average_task;
import org.otfuse.natives.abi.otf_cost_task;
import org.otfuse.natives.abi.otf_engine;
import org.otfuse.natives.abi.otf_feature_task;
import org.otfuse.natives.abi.otf_limits;
import org.otfuse.natives.abi.otf_map_task;
import org.otfuse.natives.abi.otf_report;
import org.otfuse.natives.abi.otf_sinkhorn_task;
import org.otfuse.natives.abi.otf_source;
import org.otfuse.natives.abi.otf_transport_task;
import org.otfuse.spi.Assignment;
import org.otfuse.spi.AverageTask;
import org.otfuse.spi.Backend;
import org.otfuse.spi.BackendSettings;
import org.otfuse.spi.Batches;
import org.otfuse.spi.CompiledFusion;
import org.otfuse.spi.CostTask;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.ExactTask;
import org.otfuse.spi.FeatureTask;
import org.otfuse.spi.FusionProgram;
import org.otfuse.spi.MachineLimits;
import org.otfuse.spi.MapTask;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.NeuronMap;
import org.otfuse.spi.SinkhornTask;
import org.otfuse.spi.Span;

/** The native back end: describes tasks as the engine's structs and calls it. */
final class NativeBackend implements Backend {
  /** Floats of a piece of memory that a Java buffer can show. */
  private static final int PIECE = 1 << 28;

  private final Engine engine;
  private final int threads;
  private final String version;

  private NativeBackend(Engine engine, int threads) {
    this.engine = engine;
    this.threads = threads;
    version = "otfuse engine " + Otfuse.otf_version().getString() + ", " + engine.isa();
  }

  static NativeBackend open(BackendSettings settings, String isa) {
    return new NativeBackend(new Engine(settings.threads(), isa), settings.threads());
  }

  @Override
  public String name() {
    return BackendChoice.NATIVE.label();
  }

  @Override
  public String version() {
    return version;
  }

  @Override
  public String device() {
    return threads == 1 ? "1 thread" : threads + " threads";
  }

  @Override
  public DeviceBuffer allocate(long length) {
    engine.acquire();
    try {
      FloatPointer memory = new FloatPointer();
      Call.check(Otfuse.otf_allocate(length, memory));
      return NativeBuffer.owned(engine, length, memory);
    } finally {
      engine.release();
    }
  }

  @Override
  public DeviceBuffer upload(FloatBuffer host) {
    if (host.isDirect() && host.order() == ByteOrder.nativeOrder() && host.hasRemaining()) {
      NativeBuffer alias = NativeBuffer.alias(engine, host);
      try (Call call = new Call(engine)) {
        if (call.read(Span.of(alias)).address() % Float.BYTES == 0) {
          return alias;
        }
      }
    }
    DeviceBuffer copy = allocate(host.remaining());
    write(host, Span.of(copy));
    return copy;
  }

  @Override
  public void write(FloatBuffer host, Span target) {
    target.requireLengthOf(host);
    try (Call call = new Call(engine)) {
      FloatPointer memory = call.write(target);
      FloatBuffer source = host.duplicate();
      for (long done = 0; done < target.length(); done += PIECE) {
        int count = (int) Math.min(PIECE, target.length() - done);
        view(memory, done, count).put(source.slice().limit(count));
        source.position(source.position() + count);
      }
    }
  }

  @Override
  public void download(Span source, FloatBuffer host) {
    source.requireLengthOf(host);
    try (Call call = new Call(engine)) {
      FloatPointer memory = call.read(source);
      FloatBuffer target = host.duplicate();
      for (long done = 0; done < source.length(); done += PIECE) {
        target.put(view(memory, done, (int) Math.min(PIECE, source.length() - done)));
      }
    }
  }

  private static FloatBuffer view(FloatPointer memory, long first, int count) {
    return memory.getPointer(first).capacity(count).asBuffer();
  }

  @Override
  public void features(List<FeatureTask> tasks) {
    Batches.requireDisjoint(tasks);
    run(
        tasks,
        call -> {
          otf_feature_task structs = new otf_feature_task(tasks.size());
          AxisStructs axes = new AxisStructs(call, tasks.stream().map(FeatureTask::axes).toList());
          for (int t = 0; t < tasks.size(); t++) {
            FeatureTask task = tasks.get(t);
            structs
                .getPointer(t)
                .values(call.read(task.source()))
                .axes(axes.add(task.axes()))
                .scale(task.scale().map(call::read).orElse(null))
                .target(call.write(task.target()))
                .rank(task.axes().size())
                .output_axis(task.outputAxis())
                .first_row(task.firstRow())
                .rows(task.target().rows())
                .columns(task.target().columns())
                .first_column(task.firstColumn());
          }
          return Otfuse.otf_features(handle(), structs, tasks.size());
        });
  }

  @Override
  public void cost(List<CostTask> tasks) {
    Batches.requireDisjoint(tasks);
    run(
        tasks,
        call -> {
          otf_cost_task structs = new otf_cost_task(tasks.size());
          for (int t = 0; t < tasks.size(); t++) {
            CostTask task = tasks.get(t);
            structs
                .getPointer(t)
                .x(call.read(task.x()))
                .y(call.read(task.y()))
                .cost(call.write(task.cost()))
                .n(task.x().rows())
                .m(task.y().rows())
                .d(task.x().columns())
                .metric(ProgramStructs.metric(task.metric()));
          }
          return Otfuse.otf_cost(handle(), structs, tasks.size());
        });
  }

  @Override
  public List<TransportReport> sinkhorn(List<SinkhornTask> tasks) {
    Batches.requireDisjoint(tasks);
    List<TransportReport> reports = new ArrayList<>();
    run(
        tasks,
        call -> {
          otf_sinkhorn_task structs = new otf_sinkhorn_task(tasks.size());
          for (int t = 0; t < tasks.size(); t++) {
            describe(call, tasks.get(t), structs.getPointer(t));
          }
          otf_report results = new otf_report(tasks.size());
          int status = Otfuse.otf_sinkhorn(handle(), structs, results, tasks.size());
          collect(results, tasks.size(), reports);
          return status;
        });
    return reports;
  }

  private static void describe(Call call, SinkhornTask task, otf_sinkhorn_task struct) {
    struct
        .cost(call.read(task.cost()))
        .a(call.read(task.a()))
        .b(call.read(task.b()))
        .plan(call.write(task.plan()))
        .f(call.write(task.f()))
        .g(call.write(task.g()))
        .n(task.cost().rows())
        .m(task.cost().columns())
        .epsilon(task.settings().epsilon())
        .tolerance(task.settings().tolerance())
        .tau(task.settings().tau())
        .annealing(task.settings().annealing())
        .max_iterations(task.settings().maxIterations())
        .warm_start(task.settings().warmStart() ? 1 : 0);
  }

  @Override
  public List<Assignment> assign(List<Matrix> costs) {
    return assign(costs, t -> Optional.empty());
  }

  @Override
  public List<Assignment> assign(List<Matrix> costs, List<Span> columnPotentials) {
    Batches.requirePotentials(costs, columnPotentials);
    return assign(costs, t -> Optional.of(columnPotentials.get(t)));
  }

  private List<Assignment> assign(List<Matrix> costs, IntFunction<Optional<Span>> potentials) {
    List<Assignment> assignments = new ArrayList<>();
    run(
        costs,
        call -> {
          otf_assign_task structs = new otf_assign_task(costs.size());
          IntPointer[] sources = new IntPointer[costs.size()];
          for (int t = 0; t < sources.length; t++) {
            Matrix cost = costs.get(t);
            if (cost.rows() != cost.columns()) {
              throw new IllegalArgumentException(
                  "cost [" + cost.rows() + "," + cost.columns() + "] is not square");
            }
            sources[t] = new IntPointer(Math.max(1, cost.rows()));
            structs
                .getPointer(t)
                .cost(call.read(cost))
                .g(potentials.apply(t).map(call::read).orElse(null))
                .source(sources[t])
                .n(cost.rows());
          }
          otf_report results = new otf_report(sources.length);
          int status = Otfuse.otf_assign(handle(), structs, results, sources.length);
          for (int t = 0; t < sources.length && status == Otfuse.OTF_OK; t++) {
            int[] source = new int[costs.get(t).rows()];
            sources[t].get(source);
            assignments.add(
                new Assignment(
                    new NeuronMap.Hard(source, source.length), report(results.getPointer(t))));
          }
          return status;
        });
    return assignments;
  }

  @Override
  public List<TransportReport> transport(List<ExactTask> tasks) {
    return transport(tasks, t -> Optional.empty());
  }

  @Override
  public List<TransportReport> transport(List<ExactTask> tasks, List<Span> columnPotentials) {
    Batches.requireDisjoint(tasks, columnPotentials);
    return transport(tasks, t -> Optional.of(columnPotentials.get(t)));
  }

  private List<TransportReport> transport(
      List<ExactTask> tasks, IntFunction<Optional<Span>> potentials) {
    Batches.requireDisjoint(tasks);
    List<TransportReport> reports = new ArrayList<>();
    run(
        tasks,
        call -> {
          otf_transport_task structs = new otf_transport_task(tasks.size());
          for (int t = 0; t < tasks.size(); t++) {
            ExactTask task = tasks.get(t);
            structs
                .getPointer(t)
                .cost(call.read(task.cost()))
                .a(call.read(task.a()))
                .b(call.read(task.b()))
                .g(potentials.apply(t).map(call::read).orElse(null))
                .plan(call.write(task.plan()))
                .n(task.cost().rows())
                .m(task.cost().columns());
          }
          otf_report results = new otf_report(tasks.size());
          int status = Otfuse.otf_transport(handle(), structs, results, tasks.size());
          collect(results, tasks.size(), reports);
          return status;
        });
    return reports;
  }

  @Override
  public void maps(List<MapTask> tasks) {
    Batches.requireDisjoint(tasks);
    run(
        tasks,
        call -> {
          otf_map_task structs = new otf_map_task(tasks.size());
          for (int t = 0; t < tasks.size(); t++) {
            MapTask task = tasks.get(t);
            structs
                .getPointer(t)
                .plan(call.read(task.plan()))
                .p(call.write(task.p()))
                .q(call.write(task.q()))
                .n(task.plan().rows())
                .m(task.plan().columns());
          }
          return Otfuse.otf_maps(handle(), structs, tasks.size());
        });
  }

  @Override
  public void average(List<AverageTask> tasks) {
    Batches.requireDisjoint(tasks);
    run(
        tasks,
        call -> {
          List<AverageTask.Source> all =
              tasks.stream().flatMap(task -> task.sources().stream()).toList();
          AxisStructs axes =
              new AxisStructs(call, all.stream().map(AverageTask.Source::axes).toList());
          otf_average_task structs = new otf_average_task(tasks.size());
          otf_source sources = new otf_source(all.size());
          int next = 0;
          for (int t = 0; t < tasks.size(); t++) {
            AverageTask task = tasks.get(t);
            structs
                .getPointer(t)
                .target(call.write(task.target()))
                .sources(sources.getPointer(next))
                .count(task.sources().size())
                .length(task.target().length());
            for (AverageTask.Source source : task.sources()) {
              sources
                  .getPointer(next++)
                  .values(call.read(source.values()))
                  .axes(axes.add(source.axes()))
                  .rank(source.axes().size())
                  .weight(source.weight());
            }
          }
          return Otfuse.otf_average(handle(), structs, tasks.size());
        });
  }

  @Override
  public Optional<CompiledFusion> compile(FusionProgram program) {
    return Optional.of(new NativeFusion(engine, program));
  }

  @Override
  public Optional<MachineLimits> limits() {
    engine.acquire();
    try (otf_limits limits = new otf_limits()) {
      Call.check(Otfuse.otf_measure_limits(handle(), limits));
      return Optional.of(
          new MachineLimits(
              limits.exp2_per_second(),
              limits.matrix_vector_bytes_per_second(),
              limits.copy_bytes_per_second(),
              limits.sgemm_flops_per_second()));
    } finally {
      engine.release();
    }
  }

  private otf_engine handle() {
    return engine.handle();
  }

  /** One call on a batch; the body returns the engine's status. */
  private void run(List<?> tasks, ToIntFunction<Call> body) {
    try (Call call = new Call(engine)) {
      if (!tasks.isEmpty()) {
        Call.check(body.applyAsInt(call));
      }
    }
  }

  private static void collect(otf_report results, int count, List<TransportReport> reports) {
    for (int t = 0; t < count; t++) {
      reports.add(report(results.getPointer(t)));
    }
  }

  private static TransportReport report(otf_report result) {
    return new TransportReport(
        result.cost(),
        result.iterations(),
        result.violation(),
        result.gap(),
        result.converged() != 0);
  }

  @Override
  public void close() {
    engine.close();
  }
}
