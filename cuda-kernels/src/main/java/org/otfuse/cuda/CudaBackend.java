package org.otfuse.cuda;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.BytePointer;
import org.otfuse.TransportReport;
import org.otfuse.cuda.SoftAxes.Segment;
import org.otfuse.cuda.abi.OtfuseCuda;
import org.otfuse.cuda.abi.otc_report;
import org.otfuse.spi.Assignment;
import org.otfuse.spi.AverageTask;
import org.otfuse.spi.AxisMap;
import org.otfuse.spi.Backend;
import org.otfuse.spi.BackendSettings;
import org.otfuse.spi.Batches;
import org.otfuse.spi.CompiledFusion;
import org.otfuse.spi.CostTask;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.ExactTask;
import org.otfuse.spi.FeatureTask;
import org.otfuse.spi.FusionProgram;
import org.otfuse.spi.MapTask;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.NeuronMap;
import org.otfuse.spi.SinkhornTask;
import org.otfuse.spi.Span;

/**
 * The CUDA back end: finds where tasks lie on the device and enqueues them. Calls only wait where
 * they return numbers; exact problems are solved by a back end on the CPU.
 */
final class CudaBackend implements Backend {
  private final Engine engine;
  private final ExactSolvers exact;
  private final String version;

  CudaBackend(Driver driver, int device, BackendSettings settings) {
    engine = new Engine(driver, device);
    exact = new ExactSolvers(settings);
    try (BytePointer kernels = OtfuseCuda.otc_version()) {
      version = "otfuse kernels " + kernels.getString() + ", " + driver.description();
    }
  }

  @Override
  public String name() {
    return engine.driver().backendName();
  }

  @Override
  public String version() {
    return version;
  }

  @Override
  public String device() {
    return engine.deviceName();
  }

  @Override
  public DeviceBuffer allocate(long length) {
    try (Engine.Turn turn = engine.enter()) {
      return new CudaBuffer(engine, length);
    }
  }

  @Override
  public DeviceBuffer upload(FloatBuffer host) {
    DeviceBuffer copy = allocate(host.remaining());
    try {
      write(host, Span.of(copy));
      return copy;
    } catch (RuntimeException e) {
      copy.close();
      throw e;
    }
  }

  @Override
  public void write(FloatBuffer host, Span target) {
    target.requireLengthOf(host);
    try (Call call = new Call(engine)) {
      engine.staging().upload(host, call.at(target), engine.stream());
    }
  }

  @Override
  public void download(Span source, FloatBuffer host) {
    source.requireLengthOf(host);
    try (Call call = new Call(engine)) {
      engine.staging().download(call.at(source), host, engine.stream());
    }
  }

  @Override
  public void features(List<FeatureTask> tasks) {
    Batches.requireDisjoint(tasks);
    try (Call call = new Call(engine)) {
      List<Work> products = new ArrayList<>();
      List<FeatureBatch.Task> batch = new ArrayList<>();
      for (FeatureTask task : tasks) {
        List<AxisMap> axes = new ArrayList<>(task.axes());
        axes.set(task.outputAxis(), AxisMap.identity(axes.get(task.outputAxis()).sourceSize()));
        long values =
            SoftAxes.carry(call.scratch(), products, call.at(task.source()), soft(call, axes));
        batch.add(
            new FeatureBatch.Task(
                values,
                gathers(call, axes),
                task.outputAxis(),
                task.firstRow(),
                task.scale().map(call::at).orElse(0L),
                call.at(task.target()),
                task.target().rows(),
                task.target().columns(),
                task.firstColumn()));
      }
      if (!batch.isEmpty()) {
        Work work = new FeatureBatch(call.scratch(), batch);
        products.forEach(Work::enqueue);
        work.enqueue();
      }
    }
  }

  /** Axes as products see them. */
  private static List<SoftAxes.Axis> soft(Call call, List<AxisMap> axes) {
    return axes.stream()
        .map(axis -> new SoftAxes.Axis(axis.segments().stream().map(s -> soft(call, s)).toList()))
        .toList();
  }

  private static Segment soft(Call call, AxisMap.Segment segment) {
    if (segment.map() instanceof NeuronMap.Soft map) {
      Matrix matrix = map.matrix();
      return new Segment(call.at(matrix), matrix.rows(), matrix.columns(), segment.block());
    }
    int n = segment.map().sourceSize();
    return new Segment(0, n, n, segment.block());
  }

  /** What is left to gather when soft maps are done. */
  private static List<DeviceAxis> gathers(Call call, List<AxisMap> axes) {
    List<DeviceAxis> gathers = new ArrayList<>();
    for (AxisMap axis : axes) {
      AxisMap rest =
          axis.soft()
              ? new AxisMap(axis.segments().stream().map(CudaBackend::withoutSoftMap).toList())
              : axis;
      gathers.add(
          new DeviceAxis(call.scratch().gather(rest), rest.sourceSize(), rest.targetSize()));
    }
    return gathers;
  }

  private static AxisMap.Segment withoutSoftMap(AxisMap.Segment segment) {
    return segment.map() instanceof NeuronMap.Soft map
        ? new AxisMap.Segment(new NeuronMap.Identity(map.targetSize()), segment.block())
        : segment;
  }

  @Override
  public void cost(List<CostTask> tasks) {
    Batches.requireDisjoint(tasks);
    try (Call call = new Call(engine)) {
      List<CostBatch.Task> batch = new ArrayList<>();
      for (CostTask task : tasks) {
        batch.add(
            new CostBatch.Task(
                call.at(task.x()),
                call.at(task.y()),
                call.at(task.cost()),
                task.x().rows(),
                task.y().rows(),
                task.x().columns(),
                task.metric()));
      }
      if (!batch.isEmpty()) {
        new CostBatch(call.scratch(), batch).enqueue();
      }
    }
  }

  @Override
  public List<TransportReport> sinkhorn(List<SinkhornTask> tasks) {
    Batches.requireDisjoint(tasks);
    try (Call call = new Call(engine)) {
      List<SinkhornBatch.Task> batch = new ArrayList<>();
      for (SinkhornTask task : tasks) {
        batch.add(
            new SinkhornBatch.Task(
                call.at(task.cost()),
                call.at(task.a()),
                call.at(task.b()),
                call.at(task.plan()),
                call.at(task.f()),
                call.at(task.g()),
                task.cost().rows(),
                task.cost().columns(),
                task.settings()));
      }
      if (batch.isEmpty()) {
        return List.of();
      }
      requireSinkhorn(call, tasks);
      SinkhornBatch work = new SinkhornBatch(call.scratch(), batch);
      work.enqueue();
      return reports(work.reports(), batch.size());
    }
  }

  private static void requireSinkhorn(Call call, List<SinkhornTask> tasks) {
    SolverScan scan = new SolverScan(call);
    for (int k = 0; k < tasks.size(); k++) {
      SinkhornTask task = tasks.get(k);
      scan.sinkhornCosts(k, task.cost()).masses(k, "a", task.a()).masses(k, "b", task.b());
      if (task.settings().warmStart()) {
        scan.potentials(k, "f", task.f()).potentials(k, "g", task.g());
      }
    }
    scan.require();
  }

  private List<TransportReport> reports(long address, int count) {
    List<TransportReport> reports = new ArrayList<>();
    try (otc_report structs = new otc_report(count)) {
      engine.staging().download(address, structs, (long) count * structs.sizeof(), engine.stream());
      for (int t = 0; t < count; t++) {
        otc_report report = structs.getPointer(t);
        reports.add(
            new TransportReport(
                report.cost(),
                report.iterations(),
                report.violation(),
                report.gap(),
                report.converged() != 0));
      }
    }
    return reports;
  }

  @Override
  public List<Assignment> assign(List<Matrix> costs) {
    return assigned(costs, List.of());
  }

  /** Potentials from a solution on the device are at hand, so that those given are only checked. */
  @Override
  public List<Assignment> assign(List<Matrix> costs, List<Span> columnPotentials) {
    Batches.requirePotentials(costs, columnPotentials);
    return assigned(costs, columnPotentials);
  }

  private List<Assignment> assigned(List<Matrix> costs, List<Span> columnPotentials) {
    try (Call call = new Call(engine)) {
      SolverScan scan = new SolverScan(call);
      for (int k = 0; k < costs.size(); k++) {
        scan.costs(k, costs.get(k));
      }
      requirePotentials(scan, columnPotentials);
      return exact.assign(call, costs);
    }
  }

  private static void requirePotentials(SolverScan scan, List<Span> columnPotentials) {
    for (int k = 0; k < columnPotentials.size(); k++) {
      scan.potentials(k, "g", columnPotentials.get(k));
    }
    scan.require();
  }

  @Override
  public List<TransportReport> transport(List<ExactTask> tasks) {
    return transported(tasks, List.of());
  }

  /** Potentials from a solution on the device are at hand, so that those given are only checked. */
  @Override
  public List<TransportReport> transport(List<ExactTask> tasks, List<Span> columnPotentials) {
    Batches.requireDisjoint(tasks, columnPotentials);
    return transported(tasks, columnPotentials);
  }

  private List<TransportReport> transported(List<ExactTask> tasks, List<Span> columnPotentials) {
    Batches.requireDisjoint(tasks);
    try (Call call = new Call(engine)) {
      SolverScan scan = new SolverScan(call);
      for (int k = 0; k < tasks.size(); k++) {
        ExactTask task = tasks.get(k);
        scan.costs(k, task.cost()).masses(k, "a", task.a()).masses(k, "b", task.b());
      }
      requirePotentials(scan, columnPotentials);
      return exact.transport(call, tasks);
    }
  }

  @Override
  public void maps(List<MapTask> tasks) {
    Batches.requireDisjoint(tasks);
    try (Call call = new Call(engine)) {
      List<MapBatch.Task> batch = new ArrayList<>();
      for (MapTask task : tasks) {
        batch.add(
            new MapBatch.Task(
                call.at(task.plan()),
                call.at(task.p()),
                call.at(task.q()),
                task.plan().rows(),
                task.plan().columns()));
      }
      if (!batch.isEmpty()) {
        new MapBatch(call.scratch(), batch).enqueue();
      }
    }
  }

  @Override
  public void average(List<AverageTask> tasks) {
    Batches.requireDisjoint(tasks);
    try (Call call = new Call(engine)) {
      TensorSums sums = new TensorSums(call.scratch());
      for (AverageTask task : tasks) {
        List<TensorSums.Source> sources = new ArrayList<>();
        for (AverageTask.Source source : task.sources()) {
          sources.add(
              new TensorSums.Source(
                  call.at(source.values()),
                  soft(call, source.axes()),
                  gathers(call, source.axes()),
                  source.weight()));
        }
        sums.add(call.at(task.target()), task.target().length(), sources);
      }
      sums.work().forEach(Work::enqueue);
    }
  }

  @Override
  public Optional<CompiledFusion> compile(FusionProgram program) {
    return Optional.of(new CudaFusion(engine, exact, program));
  }

  @Override
  public void close() {
    engine.close();
    exact.close();
  }
}
