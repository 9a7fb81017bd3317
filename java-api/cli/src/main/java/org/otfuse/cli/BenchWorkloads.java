package org.otfuse.cli;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.otfuse.Architecture;
import org.otfuse.FusionEngine;
import org.otfuse.FusionOptions;
import org.otfuse.FusionPlan;
import org.otfuse.Metric;
import org.otfuse.SinkhornSettings;
import org.otfuse.cli.bench.Inputs;
import org.otfuse.cli.bench.Networks;
import org.otfuse.spi.AverageTask;
import org.otfuse.spi.AxisMap;
import org.otfuse.spi.Backend;
import org.otfuse.spi.CostTask;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.MachineLimits;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.NeuronMap;
import org.otfuse.spi.SinkhornTask;
import org.otfuse.spi.Span;

/**
 * What {@code otfuse bench} times: each kernel on a size that matters, and whole fusions from
 * buffers to buffers. Inputs come from fixed seeds.
 */
final class BenchWorkloads {
  private static final double GIGA = 1e9;

  private BenchWorkloads() {}

  /**
   * Something to time on every back end.
   *
   * @param name for the table
   * @param amount work of one run, in the unit
   * @param unit what the amount counts, for example "GFLOP"
   * @param limit the machine's limit in units a second, where one applies
   * @param prepare makes a run on an engine: inputs uploaded, outputs allocated
   */
  record Workload(
      String name,
      double amount,
      String unit,
      Optional<ToDoubleFunction<MachineLimits>> limit,
      Function<FusionEngine, Run> prepare) {
    /** A prepared run. */
    interface Run extends AutoCloseable {
      /** Does the work once; the results are there when it returns. */
      void once();

      @Override
      void close();
    }
  }

  static List<Workload> all() {
    return List.of(
        cost(),
        sinkhorn(),
        assignment(),
        average(),
        fusion("fusion of two MLPs 784-400-200-100-10", Networks.smallMlp()),
        fusion("fusion of two MLPs 3072-1024-1024-10", Networks.wideMlp()),
        fusion("fusion of two VGG11, 9.2 M parameters", Networks.vgg11()),
        fusion("fusion of two ResNet18, 11.2 M parameters", Networks.resNet18()));
  }

  /** Buffers that are closed with the run. */
  private abstract static class DeviceRun implements Workload.Run {
    final Backend backend;
    private final List<DeviceBuffer> buffers = new ArrayList<>();

    DeviceRun(Backend backend) {
      this.backend = backend;
    }

    DeviceBuffer keep(DeviceBuffer buffer) {
      buffers.add(buffer);
      return buffer;
    }

    Span upload(float[] values) {
      return Span.of(keep(backend.upload(FloatBuffer.wrap(values))));
    }

    Matrix upload(float[] values, int rows, int columns) {
      return Matrix.of(upload(values).buffer(), rows, columns);
    }

    Span allocate(int length) {
      return Span.of(keep(backend.allocate(length)));
    }

    Matrix allocate(int rows, int columns) {
      return Matrix.of(allocate(rows * columns).buffer(), rows, columns);
    }

    @Override
    public void close() {
      buffers.forEach(DeviceBuffer::close);
    }
  }

  private static Workload cost() {
    int n = 512;
    int d = 2304;
    return new Workload(
        "pairwise cost, n = m = 512, d = 2304",
        2.0 * n * n * d / GIGA,
        "GFLOP",
        Optional.of(limits -> limits.sgemmFlopsPerSecond() / GIGA),
        engine ->
            new DeviceRun(engine.backend()) {
              private final Random random = new Random(1);
              private final Matrix x = upload(Inputs.gaussians(n * d, random), n, d);
              private final Matrix y = upload(Inputs.gaussians(n * d, random), n, d);
              private final Matrix cost = allocate(n, n);

              @Override
              public void once() {
                backend.cost(List.of(new CostTask(x, y, cost, Metric.EUCLIDEAN)));
              }
            });
  }

  private static Workload sinkhorn() {
    int problems = 256;
    int iterations = 100;
    Random sizes = new Random(2);
    List<int[]> shapes = new ArrayList<>();
    double entries = 0;
    for (int p = 0; p < problems; p++) {
      int[] shape = {64 + sizes.nextInt(449), 64 + sizes.nextInt(449)};
      shapes.add(shape);
      entries += (double) shape[0] * shape[1];
    }
    SinkhornSettings settings =
        new SinkhornSettings(0.05, 0, iterations, Double.POSITIVE_INFINITY, false);
    return new Workload(
        "Sinkhorn, 256 problems of 64 to 512, epsilon 0.05, 100 iterations",
        entries * iterations / GIGA,
        "G entries",
        Optional.of(limits -> limits.exp2PerSecond() / GIGA),
        engine ->
            new DeviceRun(engine.backend()) {
              private final List<SinkhornTask> tasks = tasks();

              private List<SinkhornTask> tasks() {
                Random random = new Random(3);
                List<SinkhornTask> tasks = new ArrayList<>();
                for (int[] shape : shapes) {
                  int n = shape[0];
                  int m = shape[1];
                  float[] costs = new float[n * m];
                  for (int i = 0; i < costs.length; i++) {
                    costs[i] = random.nextFloat();
                  }
                  tasks.add(
                      new SinkhornTask(
                          upload(costs, n, m),
                          upload(Inputs.uniform(n)),
                          upload(Inputs.uniform(m)),
                          allocate(n, m),
                          allocate(n),
                          allocate(m),
                          settings));
                }
                return tasks;
              }

              @Override
              public void once() {
                backend.sinkhorn(tasks);
              }
            });
  }

  private static Workload assignment() {
    int n = 512;
    int d = 64;
    int problems = 8;
    return new Workload(
        "assignment, 8 problems of n = 512, distances of weight rows",
        problems,
        "problems",
        Optional.empty(),
        engine ->
            new DeviceRun(engine.backend()) {
              private final List<Matrix> costs = costs();

              private List<Matrix> costs() {
                Random random = new Random(4);
                List<Matrix> costs = new ArrayList<>();
                List<CostTask> tasks = new ArrayList<>();
                for (int p = 0; p < problems; p++) {
                  costs.add(allocate(n, n));
                  Matrix x = upload(Inputs.gaussians(n * d, random), n, d);
                  Matrix y = upload(Inputs.gaussians(n * d, random), n, d);
                  tasks.add(new CostTask(x, y, costs.get(p), Metric.EUCLIDEAN));
                }
                backend.cost(tasks);
                return costs;
              }

              @Override
              public void once() {
                backend.assign(costs);
              }
            });
  }

  private static Workload average() {
    int n = 512;
    int taps = 9;
    int tensors = 4;
    double bytes = 3.0 * Float.BYTES * tensors * n * n * taps;
    return new Workload(
        "average of two models, 4 tensors [512,512,3,3], hard maps",
        bytes / GIGA,
        "GB",
        Optional.of(limits -> limits.copyBytesPerSecond() / GIGA),
        engine ->
            new DeviceRun(engine.backend()) {
              private final List<AverageTask> tasks = tasks();

              private List<AverageTask> tasks() {
                Random random = new Random(5);
                List<AxisMap> identity =
                    List.of(AxisMap.identity(n), AxisMap.identity(n), AxisMap.identity(taps));
                List<AverageTask> tasks = new ArrayList<>();
                for (int t = 0; t < tensors; t++) {
                  List<AxisMap> maps =
                      List.of(permutation(n, random), permutation(n, random), identity.get(2));
                  int length = n * n * taps;
                  AverageTask.Source anchor =
                      new AverageTask.Source(
                          upload(Inputs.gaussians(length, random)), 0.5f, identity);
                  AverageTask.Source other =
                      new AverageTask.Source(upload(Inputs.gaussians(length, random)), 0.5f, maps);
                  tasks.add(new AverageTask(allocate(length), List.of(anchor, other)));
                }
                return tasks;
              }

              @Override
              public void once() {
                backend.average(tasks);
              }
            });
  }

  private static AxisMap permutation(int n, Random random) {
    NeuronMap.Hard map = new NeuronMap.Hard(Inputs.permutation(n, random), n);
    return new AxisMap(List.of(new AxisMap.Segment(map, 1)));
  }

  private static Workload fusion(String name, Architecture architecture) {
    return new Workload(
        name,
        1,
        "fusions",
        Optional.empty(),
        engine ->
            new Workload.Run() {
              private final FusionPlan plan = engine.prepare(architecture, FusionOptions.DEFAULTS);
              private final List<FloatBuffer> models =
                  List.of(Inputs.weights(architecture, 6), Inputs.weights(architecture, 7));
              private final FloatBuffer output = Inputs.direct(plan.length());

              @Override
              public void once() {
                plan.fuse(models, output);
              }

              @Override
              public void close() {
                plan.close();
              }
            });
  }
}
