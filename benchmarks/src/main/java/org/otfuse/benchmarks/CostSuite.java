package org.otfuse.benchmarks;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.otfuse.Metric;
import org.otfuse.cli.bench.Inputs;
import org.otfuse.spi.CostTask;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.Span;

/** Euclidean pairwise costs of normally distributed features [n,d], n = m. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class CostSuite extends BackendSuite {
  private static final int CHECKED_ENTRIES = 1000;
  private static final double RELATIVE = 1e-5;

  /** Neurons on both sides. */
  @Param({"64", "128", "256", "512", "1024", "2048"})
  public int n;

  /** Feature length. */
  @Param({"64", "576", "2304", "4608"})
  public int d;

  /** Problems in one call. */
  @Param({"1"})
  public int batch;

  /** Whether transfers count. */
  @Param({"RESIDENT"})
  public Transfer transfer;

  private Rotation<Features> inputs;
  private Span costs;
  private FloatBuffer host;

  /** The features of one call, in host memory and on the device. */
  private record Features(FloatBuffer x, FloatBuffer y, List<CostTask> tasks) {}

  /** What one second does. */
  @State(Scope.Thread)
  @AuxCounters
  public static class Work {
    /** Cost matrices. */
    public double problems;

    /** Multiplications and additions of the product. */
    public double gigaflop;

    /** Made by JMH. */
    public Work() {}
  }

  /** Made by JMH. */
  public CostSuite() {}

  /** Uploads the features and checks one call. */
  @Setup
  public void setUp() {
    open();
    costs = allocate((long) batch * n * n);
    host = Inputs.direct(batch * n * n);
    inputs = rotation(2L * Float.BYTES * batch * n * d, this::features);
    Features features = inputs.next();
    device().cost(features.tasks);
    check(features);
  }

  private Features features(long seed) {
    FloatBuffer x = NormalValues.direct(batch * n * d, 2 * seed);
    FloatBuffer y = NormalValues.direct(batch * n * d, 2 * seed + 1);
    return transfer == Transfer.RESIDENT || seed == 1
        ? new Features(x, y, tasks(upload(x), upload(y)))
        : new Features(x, y, List.of());
  }

  private List<CostTask> tasks(Span x, Span y) {
    List<CostTask> tasks = new ArrayList<>();
    for (int p = 0; p < batch; p++) {
      long from = (long) p * n * d;
      tasks.add(
          new CostTask(
              matrix(x, from, n, d),
              matrix(y, from, n, d),
              matrix(costs, (long) p * n * n, n, n),
              Metric.EUCLIDEAN));
    }
    return tasks;
  }

  /** Computes some entries again from their definition. */
  private void check(Features features) {
    float[] found = read(costs);
    Random random = new Random(9);
    for (int k = 0; k < CHECKED_ENTRIES; k++) {
      int p = random.nextInt(batch);
      int i = random.nextInt(n);
      int j = random.nextInt(n);
      double sum = 0;
      for (int l = 0; l < d; l++) {
        double difference =
            (double) features.x.get((p * n + i) * d + l) - features.y.get((p * n + j) * d + l);
        sum += difference * difference;
      }
      double expected = Math.sqrt(sum);
      WrongResultException.unlessClose(
          "cost %d,%d of problem %d".formatted(i, j, p),
          found[(p * n + i) * n + j],
          expected,
          RELATIVE * expected);
    }
  }

  /**
   * One call.
   *
   * @param work counts it
   */
  @Benchmark
  public void cost(Work work) {
    Features features = inputs.next();
    if (transfer == Transfer.RESIDENT) {
      device().cost(features.tasks);
      await(costs);
    } else {
      try (DeviceBuffer x = device().upload(features.x);
          DeviceBuffer y = device().upload(features.y)) {
        device().cost(tasks(Span.of(x), Span.of(y)));
        device().download(costs, host);
      }
    }
    work.problems += batch;
    work.gigaflop += 2e-9 * batch * n * n * d;
  }
}
