package org.otfuse.benchmarks;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
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
import org.otfuse.SinkhornSettings;
import org.otfuse.TransportReport;
import org.otfuse.cli.bench.Inputs;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.SinkhornTask;
import org.otfuse.spi.Span;

/**
 * Balanced Sinkhorn on uniformly distributed costs: epsilon 0.05, 100 iterations for every back end
 * whatever the violation. One problem is [n,n]; in a batch both sizes lie between n/8 and n.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class SinkhornSuite extends BackendSuite {
  private static final int ITERATIONS = 100;
  private static final int CHECKED_PROBLEMS = 4;
  private static final SinkhornSettings SETTINGS =
      new SinkhornSettings(0.05, 0, ITERATIONS, Double.POSITIVE_INFINITY, false);

  /** The largest size. */
  @Param({"128", "256", "512", "1024", "2048"})
  public int n;

  /** Problems in one call. */
  @Param({"1"})
  public int batch;

  /** Whether transfers count. */
  @Param({"RESIDENT"})
  public Transfer transfer;

  private int[][] shapes;
  private int entries;
  private Span[] rowMarginals;
  private Span[] columnMarginals;
  private Span[] rowPotentials;
  private Span[] columnPotentials;
  private Span plans;
  private FloatBuffer host;
  private Rotation<Costs> inputs;

  /** The costs of one call, one matrix after the other, in host memory and on the device. */
  private record Costs(FloatBuffer values, List<SinkhornTask> tasks) {}

  /** What one second does. */
  @State(Scope.Thread)
  @AuxCounters
  public static class Work {
    /** Couplings. */
    public double problems;

    /** Entries of the cost matrix times iterations: the exponentials of the log domain. */
    public double gigaexp;

    /** Made by JMH. */
    public Work() {}
  }

  /** Made by JMH. */
  public SinkhornSuite() {}

  /** Uploads costs and checks one call. */
  @Setup
  public void setUp() {
    open();
    shapes = shapes();
    rowMarginals = new Span[batch];
    columnMarginals = new Span[batch];
    rowPotentials = new Span[batch];
    columnPotentials = new Span[batch];
    for (int p = 0; p < batch; p++) {
      entries += shapes[p][0] * shapes[p][1];
      rowMarginals[p] = uniform(shapes[p][0]);
      columnMarginals[p] = uniform(shapes[p][1]);
      rowPotentials[p] = allocate(shapes[p][0]);
      columnPotentials[p] = allocate(shapes[p][1]);
    }
    plans = allocate(entries);
    host = Inputs.direct(entries);
    inputs = rotation((long) Float.BYTES * entries, this::costs);
    Costs costs = inputs.next();
    check(costs, device().sinkhorn(costs.tasks));
  }

  private int[][] shapes() {
    Random random = new Random(2);
    int[][] sizes = new int[batch][];
    for (int p = 0; p < batch; p++) {
      int least = n / 8;
      sizes[p] =
          batch == 1
              ? new int[] {n, n}
              : new int[] {
                least + random.nextInt(n - least + 1), least + random.nextInt(n - least + 1)
              };
    }
    return sizes;
  }

  private Costs costs(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    FloatBuffer values = Inputs.direct(entries);
    for (int k = 0; k < entries; k++) {
      values.put(k, (float) random.nextDouble());
    }
    return transfer == Transfer.RESIDENT || seed == 1
        ? new Costs(values, tasks(upload(values)))
        : new Costs(values, List.of());
  }

  private List<SinkhornTask> tasks(Span costs) {
    List<SinkhornTask> tasks = new ArrayList<>();
    long offset = 0;
    for (int p = 0; p < batch; p++) {
      int rows = shapes[p][0];
      int columns = shapes[p][1];
      tasks.add(
          new SinkhornTask(
              matrix(costs, offset, rows, columns),
              rowMarginals[p],
              columnMarginals[p],
              matrix(plans, offset, rows, columns),
              rowPotentials[p],
              columnPotentials[p],
              SETTINGS));
      offset += (long) rows * columns;
    }
    return tasks;
  }

  private void check(Costs costs, List<TransportReport> reports) {
    for (int p = 0; p < Math.min(batch, CHECKED_PROBLEMS); p++) {
      SinkhornTask task = costs.tasks.get(p);
      if (reports.get(p).iterations() != ITERATIONS) {
        throw new WrongResultException(
            "problem %d took %d iterations, expected %d"
                .formatted(p, reports.get(p).iterations(), ITERATIONS));
      }
      new SinkhornCheck(read(task.cost().span()), task.cost().rows(), task.cost().columns())
          .check(read(task.plan().span()), read(task.f()), read(task.g()), SETTINGS.epsilon());
    }
  }

  /**
   * One call.
   *
   * @param work counts it
   */
  @Benchmark
  public void sinkhorn(Work work) {
    Costs costs = inputs.next();
    if (transfer == Transfer.RESIDENT) {
      device().sinkhorn(costs.tasks);
      await(plans);
    } else {
      try (DeviceBuffer uploaded = device().upload(costs.values)) {
        device().sinkhorn(tasks(Span.of(uploaded)));
        device().download(plans, host);
      }
    }
    work.problems += batch;
    work.gigaexp += 1e-9 * ITERATIONS * entries;
  }
}
