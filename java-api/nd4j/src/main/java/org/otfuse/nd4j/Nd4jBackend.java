package org.otfuse.nd4j;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.function.Consumer;
import org.bytedeco.javacpp.FloatPointer;
import org.otfuse.BackendChoice;
import org.otfuse.TransportReport;
import org.otfuse.spi.Assignment;
import org.otfuse.spi.AverageTask;
import org.otfuse.spi.Backend;
import org.otfuse.spi.BackendSettings;
import org.otfuse.spi.Batches;
import org.otfuse.spi.CostTask;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.ExactTask;
import org.otfuse.spi.FeatureTask;
import org.otfuse.spi.Lifetime;
import org.otfuse.spi.MapTask;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.SinkhornTask;
import org.otfuse.spi.Span;
import org.otfuse.spi.Task;

/**
 * The back end on ND4J and OpenBLAS. Problems of a batch run in parallel on its own threads, large
 * ones in pieces; every native call works on one thread, so that neither OpenBLAS nor ND4J splits a
 * sum by the number of threads. The speed of each operation is told at its class.
 */
final class Nd4jBackend implements Backend {
  /** Floats a bulk copy moves at once; a buffer view cannot be longer than 2 GiB. */
  private static final int COPY = 1 << 26;

  private final Workers workers;
  private final ArrayPool pool = new ArrayPool();
  private final Lifetime lifetime = new Lifetime("the nd4j back end", this::free);

  Nd4jBackend(BackendSettings settings) {
    workers = new Workers(settings.threads());
  }

  @Override
  public String name() {
    return BackendChoice.ND4J.label();
  }

  @Override
  public String version() {
    return Versions.describe();
  }

  @Override
  public String device() {
    int threads = workers.threads();
    return threads == 1 ? "1 thread" : threads + " threads";
  }

  @Override
  public DeviceBuffer allocate(long length) {
    lifetime.requireOpen();
    return Nd4jBuffer.allocate(this, pool, length);
  }

  @Override
  public DeviceBuffer upload(FloatBuffer host) {
    lifetime.requireOpen();
    if (host.isDirect() && host.hasRemaining()) {
      return Nd4jBuffer.wrap(this, host);
    }
    Nd4jBuffer buffer = Nd4jBuffer.allocate(this, pool, host.remaining());
    write(host, Span.of(buffer));
    return buffer;
  }

  @Override
  public void write(FloatBuffer host, Span target) {
    lifetime.requireOpen();
    target.requireLengthOf(host);
    try (Lease lease = new Lease(this, pool)) {
      FloatBuffer from = host.duplicate();
      FloatPointer to = lease.write(target);
      for (long at = 0; from.hasRemaining(); at += COPY) {
        int count = Math.min(COPY, from.remaining());
        Lease.view(to, at, count).put(from.slice().limit(count));
        from.position(from.position() + count);
      }
    }
  }

  @Override
  public void download(Span source, FloatBuffer host) {
    lifetime.requireOpen();
    source.requireLengthOf(host);
    try (Lease lease = new Lease(this, pool)) {
      FloatBuffer to = host.duplicate();
      FloatPointer from = lease.read(source);
      for (long at = 0; to.hasRemaining(); at += COPY) {
        to.put(Lease.view(from, at, Math.min(COPY, to.remaining())));
      }
    }
  }

  @Override
  public void features(List<FeatureTask> tasks) {
    each(tasks, FeatureRows::compute);
  }

  @Override
  public void cost(List<CostTask> tasks) {
    each(tasks, PairwiseCost::compute);
  }

  @Override
  public List<TransportReport> sinkhorn(List<SinkhornTask> tasks) {
    Batches.requireDisjoint(tasks);
    checked(input -> input.requireSinkhorn(tasks));
    return map(tasks, Sinkhorn::solve);
  }

  @Override
  public List<Assignment> assign(List<Matrix> costs) {
    checked(input -> input.requireCosts(costs));
    return map(costs, (cost, lease, w) -> ExactSolvers.assign(cost, lease));
  }

  @Override
  public List<Assignment> assign(List<Matrix> costs, List<Span> columnPotentials) {
    Batches.requirePotentials(costs, columnPotentials);
    checked(input -> input.requirePotentials(columnPotentials));
    return assign(costs);
  }

  @Override
  public List<TransportReport> transport(List<ExactTask> tasks) {
    Batches.requireDisjoint(tasks);
    checked(input -> input.requireTransport(tasks));
    return map(tasks, (task, lease, w) -> ExactSolvers.transport(task, lease));
  }

  @Override
  public List<TransportReport> transport(List<ExactTask> tasks, List<Span> columnPotentials) {
    Batches.requireDisjoint(tasks, columnPotentials);
    checked(input -> input.requirePotentials(columnPotentials));
    return transport(tasks);
  }

  @Override
  public void maps(List<MapTask> tasks) {
    each(tasks, SoftMaps::compute);
  }

  @Override
  public void average(List<AverageTask> tasks) {
    each(tasks, TensorAverage::compute);
  }

  @Override
  public void close() {
    lifetime.close();
  }

  private void free() {
    workers.close();
    pool.close();
  }

  private <T extends Task> void each(List<T> tasks, Step<T> step) {
    Batches.requireDisjoint(tasks);
    map(
        tasks,
        (task, lease, w) -> {
          step.run(task, lease, w);
          return task;
        });
  }

  private <T, R> List<R> map(List<T> tasks, Solve<T, R> solve) {
    return lifetime.call(
        () ->
            workers.map(
                tasks,
                task -> {
                  try (Lease lease = new Lease(this, pool)) {
                    return solve.run(task, lease, workers);
                  }
                }));
  }

  private void checked(Consumer<TaskInput> check) {
    lifetime.run(
        () -> {
          try (Lease lease = new Lease(this, pool)) {
            check.accept(new TaskInput(lease));
          }
        });
  }

  /** One operation on one task. */
  private interface Step<T> {
    void run(T task, Lease lease, Workers workers);
  }

  /** One operation with a result on one task. */
  private interface Solve<T, R> {
    R run(T task, Lease lease, Workers workers);
  }
}
