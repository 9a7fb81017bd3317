package org.otfuse.java;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.otfuse.DeviceException;
import org.otfuse.TransportReport;
import org.otfuse.java.HeapBuffer.Floats;
import org.otfuse.solver.AssignmentSolver;
import org.otfuse.solver.TransportSolver;
import org.otfuse.spi.Assignment;
import org.otfuse.spi.AverageTask;
import org.otfuse.spi.Backend;
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
 * Hands batches to the loops of this package; tasks of a batch run in parallel, large ones inside.
 */
final class JavaBackend implements Backend {
  private final Workers workers;
  private final Lifetime lifetime;

  JavaBackend(int threads) {
    this.workers = new Workers(threads);
    this.lifetime = new Lifetime("the back end", workers::close);
  }

  @Override
  public String name() {
    return "java";
  }

  @Override
  public String version() {
    return "Java " + Runtime.version().feature();
  }

  @Override
  public String device() {
    return workers.threads() == 1 ? "1 thread" : workers.threads() + " threads";
  }

  @Override
  public DeviceBuffer allocate(long length) {
    lifetime.requireOpen();
    try {
      return HeapBuffer.allocate(Math.toIntExact(length));
    } catch (ArithmeticException | OutOfMemoryError e) {
      throw new DeviceException(
          "The java back end could not allocate " + length + " floats on the heap.", e);
    }
  }

  @Override
  public DeviceBuffer upload(FloatBuffer host) {
    lifetime.requireOpen();
    return HeapBuffer.upload(host);
  }

  @Override
  public void write(FloatBuffer host, Span target) {
    lifetime.requireOpen();
    target.requireLengthOf(host);
    Floats floats = HeapBuffer.writable(target);
    host.duplicate().get(floats.array(), floats.offset(), floats.length());
  }

  @Override
  public void download(Span source, FloatBuffer host) {
    lifetime.requireOpen();
    source.requireLengthOf(host);
    Floats floats = Floats.of(source);
    host.duplicate().put(floats.array(), floats.offset(), floats.length());
  }

  @Override
  public void features(List<FeatureTask> tasks) {
    requireTargets(tasks);
    forEach(tasks, Features::gather);
  }

  @Override
  public void cost(List<CostTask> tasks) {
    requireTargets(tasks);
    forEach(tasks, (inside, task) -> new PairwiseCost(inside, task).compute());
  }

  @Override
  public List<TransportReport> sinkhorn(List<SinkhornTask> tasks) {
    requireTargets(tasks);
    TaskInput.requireSinkhorn(tasks);
    return map(tasks, Sinkhorn::solve);
  }

  @Override
  public List<Assignment> assign(List<Matrix> costs) {
    TaskInput.requireCosts(costs);
    return map(
        costs,
        (inside, cost) -> {
          Floats c = Floats.of(cost);
          return AssignmentSolver.solve(c.array(), c.offset(), cost.rows());
        });
  }

  @Override
  public List<Assignment> assign(List<Matrix> costs, List<Span> columnPotentials) {
    Batches.requirePotentials(costs, columnPotentials);
    TaskInput.requireCosts(costs);
    TaskInput.requirePotentials("g", columnPotentials);
    List<Integer> order = IntStream.range(0, costs.size()).boxed().toList();
    return map(
        order,
        (inside, k) -> {
          Floats c = Floats.of(costs.get(k));
          Floats g = Floats.of(columnPotentials.get(k));
          return AssignmentSolver.solve(
              c.array(), c.offset(), costs.get(k).rows(), g.array(), g.offset());
        });
  }

  @Override
  public List<TransportReport> transport(List<ExactTask> tasks, List<Span> columnPotentials) {
    Batches.requireDisjoint(tasks, columnPotentials);
    TaskInput.requirePotentials("g", columnPotentials);
    return transport(tasks);
  }

  @Override
  public List<TransportReport> transport(List<ExactTask> tasks) {
    requireTargets(tasks);
    TaskInput.requireTransport(tasks);
    return map(
        tasks,
        (inside, task) -> {
          Floats c = Floats.of(task.cost());
          Floats a = Floats.of(task.a());
          Floats b = Floats.of(task.b());
          Floats t = Floats.of(task.plan());
          return TransportSolver.solve(
              c.array(),
              c.offset(),
              a.length(),
              b.length(),
              a.array(),
              a.offset(),
              b.array(),
              b.offset(),
              t.array(),
              t.offset());
        });
  }

  @Override
  public void maps(List<MapTask> tasks) {
    requireTargets(tasks);
    forEach(tasks, (inside, task) -> CouplingMaps.compute(task));
  }

  @Override
  public void average(List<AverageTask> tasks) {
    requireTargets(tasks);
    forEach(tasks, Averaging::average);
  }

  @Override
  public void close() {
    lifetime.close();
  }

  /** Checks targets before the first task of a batch writes. */
  private static void requireTargets(List<? extends Task> tasks) {
    Batches.requireDisjoint(tasks);
    tasks.forEach(HeapBuffer::requireWritable);
  }

  private <T> void forEach(List<T> tasks, BiConsumer<Workers, T> body) {
    Workers inside = workers.inside(tasks.size());
    lifetime.run(() -> workers.forEach(tasks.size(), i -> body.accept(inside, tasks.get(i))));
  }

  private <T, R> List<R> map(List<T> tasks, BiFunction<Workers, T, R> body) {
    List<R> results = new ArrayList<>(Collections.nCopies(tasks.size(), null));
    Workers inside = workers.inside(tasks.size());
    lifetime.run(
        () -> workers.forEach(tasks.size(), i -> results.set(i, body.apply(inside, tasks.get(i)))));
    return List.copyOf(results);
  }
}
