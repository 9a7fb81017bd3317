package org.otfuse.events;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.otfuse.TransportReport;
import org.otfuse.spi.Assignment;
import org.otfuse.spi.AverageTask;
import org.otfuse.spi.Backend;
import org.otfuse.spi.CompiledFusion;
import org.otfuse.spi.CostTask;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.ExactTask;
import org.otfuse.spi.FeatureTask;
import org.otfuse.spi.FusionProgram;
import org.otfuse.spi.MachineLimits;
import org.otfuse.spi.MapTask;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.SinkhornTask;
import org.otfuse.spi.Span;

/** A back end whose operations are events. Only used while somebody records them. */
public final class RecordedBackend implements Backend {
  private final Backend backend;

  private RecordedBackend(Backend backend) {
    this.backend = backend;
  }

  /** The back end itself while nobody records. */
  public static Backend of(Backend backend) {
    return new BackendCallEvent().isEnabled() ? new RecordedBackend(backend) : backend;
  }

  private <T> T recorded(String operation, int problems, long floats, Supplier<T> call) {
    BackendCallEvent event = new BackendCallEvent();
    event.begin();
    T result = call.get();
    event.end();
    if (event.shouldCommit()) {
      event.backend = backend.name();
      event.operation = operation;
      event.problems = problems;
      event.floats = floats;
      event.commit();
    }
    return result;
  }

  private void recorded(String operation, int problems, long floats, Runnable call) {
    recorded(
        operation,
        problems,
        floats,
        () -> {
          call.run();
          return operation;
        });
  }

  @Override
  public String name() {
    return backend.name();
  }

  @Override
  public String version() {
    return backend.version();
  }

  @Override
  public String device() {
    return backend.device();
  }

  @Override
  public DeviceBuffer allocate(long length) {
    return backend.allocate(length);
  }

  @Override
  public DeviceBuffer upload(FloatBuffer host) {
    return recorded("upload", 1, host.remaining(), () -> backend.upload(host));
  }

  @Override
  public void write(FloatBuffer host, Span target) {
    recorded("write", 1, target.length(), () -> backend.write(host, target));
  }

  @Override
  public void download(Span source, FloatBuffer host) {
    recorded("download", 1, source.length(), () -> backend.download(source, host));
  }

  @Override
  public void features(List<FeatureTask> tasks) {
    long floats = tasks.stream().mapToLong(t -> t.writes().get(0).length()).sum();
    recorded("features", tasks.size(), floats, () -> backend.features(tasks));
  }

  @Override
  public void cost(List<CostTask> tasks) {
    long floats = tasks.stream().mapToLong(t -> t.cost().length()).sum();
    recorded("cost", tasks.size(), floats, () -> backend.cost(tasks));
  }

  @Override
  public List<TransportReport> sinkhorn(List<SinkhornTask> tasks) {
    long floats = tasks.stream().mapToLong(t -> t.plan().length()).sum();
    return recorded("sinkhorn", tasks.size(), floats, () -> backend.sinkhorn(tasks));
  }

  @Override
  public List<Assignment> assign(List<Matrix> costs) {
    return recorded("assign", costs.size(), rows(costs), () -> backend.assign(costs));
  }

  @Override
  public List<Assignment> assign(List<Matrix> costs, List<Span> columnPotentials) {
    return recorded(
        "assign", costs.size(), rows(costs), () -> backend.assign(costs, columnPotentials));
  }

  private static long rows(List<Matrix> costs) {
    return costs.stream().mapToLong(Matrix::rows).sum();
  }

  @Override
  public List<TransportReport> transport(List<ExactTask> tasks) {
    return recorded("transport", tasks.size(), plans(tasks), () -> backend.transport(tasks));
  }

  @Override
  public List<TransportReport> transport(List<ExactTask> tasks, List<Span> columnPotentials) {
    return recorded(
        "transport", tasks.size(), plans(tasks), () -> backend.transport(tasks, columnPotentials));
  }

  private static long plans(List<ExactTask> tasks) {
    return tasks.stream().mapToLong(t -> t.plan().length()).sum();
  }

  @Override
  public void maps(List<MapTask> tasks) {
    long floats = tasks.stream().mapToLong(t -> 2 * t.plan().length()).sum();
    recorded("maps", tasks.size(), floats, () -> backend.maps(tasks));
  }

  @Override
  public void average(List<AverageTask> tasks) {
    long floats = tasks.stream().mapToLong(t -> t.target().length()).sum();
    recorded("average", tasks.size(), floats, () -> backend.average(tasks));
  }

  @Override
  public Optional<CompiledFusion> compile(FusionProgram program) {
    return backend.compile(program);
  }

  @Override
  public Optional<MachineLimits> limits() {
    return backend.limits();
  }

  @Override
  public void close() {
    backend.close();
  }
}
