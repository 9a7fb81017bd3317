package org.otfuse.testkit;

import static org.otfuse.testkit.Samples.doubles;
import static org.otfuse.testkit.Samples.floats;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import org.otfuse.BackendChoice;
import org.otfuse.DeviceException;
import org.otfuse.InvalidInputException;
import org.otfuse.TransportReport;
import org.otfuse.spi.Assignment;
import org.otfuse.spi.AverageTask;
import org.otfuse.spi.AxisMap;
import org.otfuse.spi.Backend;
import org.otfuse.spi.BackendProvider;
import org.otfuse.spi.BackendSettings;
import org.otfuse.spi.Batches;
import org.otfuse.spi.CostTask;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.ExactTask;
import org.otfuse.spi.FeatureTask;
import org.otfuse.spi.MapTask;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.NeuronMap;
import org.otfuse.spi.SinkhornTask;
import org.otfuse.spi.Span;

/** The references behind the back-end interface: float32 buffers, float64 in between. */
public final class ReferenceBackend implements Backend {
  /** Opens it; the settings make no difference. */
  public static final class Provider implements BackendProvider {
    @Override
    public BackendChoice choice() {
      return BackendChoice.JAVA;
    }

    @Override
    public Backend open(BackendSettings settings) {
      return new ReferenceBackend();
    }
  }

  /** Floats on the heap. */
  private static final class HeapBuffer implements DeviceBuffer {
    private final float[] values;
    private volatile boolean closed;

    HeapBuffer(float[] values) {
      this.values = values;
    }

    @Override
    public long length() {
      return values.length;
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  @Override
  public String name() {
    return "reference";
  }

  @Override
  public String version() {
    return "float64 loops";
  }

  @Override
  public String device() {
    return "1 thread";
  }

  @Override
  public DeviceBuffer allocate(long length) {
    if (length > Integer.MAX_VALUE / Float.BYTES) {
      throw new DeviceException("A buffer of " + length + " floats does not fit.");
    }
    return new HeapBuffer(new float[(int) length]);
  }

  @Override
  public DeviceBuffer upload(FloatBuffer host) {
    float[] values = new float[host.remaining()];
    host.get(host.position(), values);
    return new HeapBuffer(values);
  }

  @Override
  public void write(FloatBuffer host, Span target) {
    target.requireLengthOf(host);
    float[] all = values(target.buffer());
    host.get(host.position(), all, (int) target.offset(), (int) target.length());
  }

  @Override
  public void download(Span source, FloatBuffer host) {
    source.requireLengthOf(host);
    float[] all = values(source.buffer());
    host.put(host.position(), all, (int) source.offset(), (int) source.length());
  }

  private static float[] values(DeviceBuffer buffer) {
    if (!(buffer instanceof HeapBuffer)) {
      throw new IllegalArgumentException("The buffer belongs to another back end.");
    }
    HeapBuffer own = (HeapBuffer) buffer;
    if (own.closed) {
      throw new IllegalStateException("The buffer is closed.");
    }
    return own.values;
  }

  private static float[] read(Span span) {
    int from = (int) span.offset();
    return Arrays.copyOfRange(values(span.buffer()), from, from + (int) span.length());
  }

  private static void put(double[] result, Span span) {
    float[] all = values(span.buffer());
    System.arraycopy(floats(result), 0, all, (int) span.offset(), result.length);
  }

  private static double[] wide(Matrix matrix) {
    return doubles(read(matrix.span()));
  }

  private static double[] wide(Span span) {
    return doubles(read(span));
  }

  private static AxisReference axis(AxisMap map) {
    return AxisReference.of(map.segments().stream().map(ReferenceBackend::segment).toList());
  }

  private static AxisReference.Segment segment(AxisMap.Segment segment) {
    NeuronMap map = segment.map();
    if (map instanceof NeuronMap.Soft soft) {
      float[] matrix = read(soft.matrix().span());
      return AxisReference.Segment.soft(
          matrix, map.sourceSize(), map.targetSize(), segment.block());
    }
    if (map instanceof NeuronMap.Hard hard) {
      return AxisReference.Segment.hard(hard.source(), hard.sourceSize(), segment.block());
    }
    return AxisReference.Segment.identity(map.sourceSize(), segment.block());
  }

  @Override
  public void features(List<FeatureTask> tasks) {
    Batches.requireDisjoint(tasks);
    for (FeatureTask task : tasks) {
      int n = task.target().rows();
      int width = task.columns();
      double[] scale = new double[n];
      Arrays.fill(scale, 1);
      double[] features =
          FeatureReference.features(
              wide(task.source()),
              task.axes().stream().map(ReferenceBackend::axis).toList(),
              task.outputAxis(),
              task.firstRow(),
              task.scale().map(ReferenceBackend::wide).orElse(scale));
      for (int i = 0; i < n; i++) {
        long to = task.target().offset() + (long) i * task.target().columns() + task.firstColumn();
        double[] row = Arrays.copyOfRange(features, i * width, (i + 1) * width);
        put(row, new Span(task.target().buffer(), to, width));
      }
    }
  }

  @Override
  public void cost(List<CostTask> tasks) {
    Batches.requireDisjoint(tasks);
    for (CostTask task : tasks) {
      Matrix x = task.x();
      Matrix y = task.y();
      double[] cost =
          PairwiseCostReference.cost(
              read(x.span()), read(y.span()), x.rows(), y.rows(), x.columns(), task.metric());
      put(cost, task.cost().span());
    }
  }

  @Override
  public List<TransportReport> sinkhorn(List<SinkhornTask> tasks) {
    Batches.requireDisjoint(tasks);
    for (int k = 0; k < tasks.size(); k++) {
      SinkhornTask task = tasks.get(k);
      requireProblem(k, task.cost(), task.a(), task.b());
      if (task.settings().warmStart()) {
        requireAll("Potential f[%d] of problem " + k, read(task.f()), -Float.MAX_VALUE, "");
        requireAll("Potential g[%d] of problem " + k, read(task.g()), -Float.MAX_VALUE, "");
      }
    }
    return tasks.stream().map(ReferenceBackend::sinkhorn).toList();
  }

  private static TransportReport sinkhorn(SinkhornTask task) {
    double[] cost = wide(task.cost());
    double[] a = wide(task.a());
    double[] b = wide(task.b());
    double[] f = wide(task.f());
    double[] g = wide(task.g());
    SinkhornReference.Solution solution =
        task.settings().warmStart()
            ? SinkhornReference.solve(cost, a, b, task.settings(), f, g)
            : SinkhornReference.solve(cost, a, b, task.settings());
    put(solution.plan(), task.plan().span());
    put(solution.f(), task.f());
    put(solution.g(), task.g());
    return new TransportReport(
        TransportReference.cost(cost, wide(task.plan())),
        solution.iterations(),
        solution.violation(),
        SinkhornReference.dualityGap(cost, a, b, task.settings(), solution),
        solution.converged());
  }

  @Override
  public List<Assignment> assign(List<Matrix> costs) {
    for (int k = 0; k < costs.size(); k++) {
      requireCosts(k, costs.get(k));
    }
    return costs.stream().map(ReferenceBackend::assign).toList();
  }

  @Override
  public List<Assignment> assign(List<Matrix> costs, List<Span> columnPotentials) {
    Batches.requirePotentials(costs, columnPotentials);
    requirePotentials(columnPotentials);
    return assign(costs);
  }

  @Override
  public List<TransportReport> transport(List<ExactTask> tasks, List<Span> columnPotentials) {
    Batches.requireDisjoint(tasks, columnPotentials);
    requirePotentials(columnPotentials);
    return transport(tasks);
  }

  private static void requirePotentials(List<Span> potentials) {
    for (int k = 0; k < potentials.size(); k++) {
      requireAll("Potential g[%d] of problem " + k, read(potentials.get(k)), -Float.MAX_VALUE, "");
    }
  }

  private static void requireProblem(int k, Matrix cost, Span a, Span b) {
    requireCosts(k, cost);
    requireAll("Mass a[%d] of problem " + k, read(a), 1e-30f, " above 0");
    requireAll("Mass b[%d] of problem " + k, read(b), 1e-30f, " above 0");
  }

  private static void requireCosts(int k, Matrix cost) {
    float[] values = read(cost.span());
    for (int i = 0; i < cost.rows(); i++) {
      float[] row = Arrays.copyOfRange(values, i * cost.columns(), (i + 1) * cost.columns());
      requireAll("Cost [" + i + ",%d] of problem " + k, row, -Float.MAX_VALUE, "");
    }
  }

  private static void requireAll(String what, float[] values, float least, String more) {
    for (int k = 0; k < values.length; k++) {
      if (!(values[k] >= least && values[k] <= Float.MAX_VALUE)) {
        throw new InvalidInputException(
            what.formatted(k) + " is " + values[k] + ", expected a finite number" + more + ".");
      }
    }
  }

  private static Assignment assign(Matrix matrix) {
    double[] cost = wide(matrix);
    int n = matrix.rows();
    int[] rowOf = AssignmentReference.solve(cost, n);
    double mean = AssignmentReference.meanCost(cost, rowOf);
    return new Assignment(new NeuronMap.Hard(rowOf, n), new TransportReport(mean, n, 0, 0, true));
  }

  @Override
  public List<TransportReport> transport(List<ExactTask> tasks) {
    Batches.requireDisjoint(tasks);
    for (int k = 0; k < tasks.size(); k++) {
      requireProblem(k, tasks.get(k).cost(), tasks.get(k).a(), tasks.get(k).b());
    }
    return tasks.stream().map(ReferenceBackend::transport).toList();
  }

  private static TransportReport transport(ExactTask task) {
    double[] cost = wide(task.cost());
    double[] plan = TransportReference.solve(cost, wide(task.a()), wide(task.b()));
    put(plan, task.plan().span());
    return new TransportReport(TransportReference.cost(cost, plan), 1, 0, 0, true);
  }

  @Override
  public void maps(List<MapTask> tasks) {
    Batches.requireDisjoint(tasks);
    for (MapTask task : tasks) {
      int n = task.plan().rows();
      int m = task.plan().columns();
      double[] plan = wide(task.plan());
      put(MapReference.p(plan, n, m), task.p().span());
      put(MapReference.q(plan, n, m), task.q().span());
    }
  }

  @Override
  public void average(List<AverageTask> tasks) {
    Batches.requireDisjoint(tasks);
    for (AverageTask task : tasks) {
      List<AverageReference.Source> sources =
          task.sources().stream().map(ReferenceBackend::source).toList();
      put(AverageReference.average(sources), task.target());
    }
  }

  private static AverageReference.Source source(AverageTask.Source source) {
    List<AxisReference> axes = source.axes().stream().map(ReferenceBackend::axis).toList();
    return new AverageReference.Source(wide(source.values()), source.weight(), axes);
  }

  @Override
  public void close() {
    // Buffers are garbage of the heap.
  }
}
