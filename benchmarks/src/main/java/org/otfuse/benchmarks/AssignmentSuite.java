package org.otfuse.benchmarks;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
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
import org.otfuse.cli.bench.Inputs;
import org.otfuse.spi.Assignment;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.Span;

/** Exact assignments of n neurons. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class AssignmentSuite extends BackendSuite {
  private static final int FEATURES = 32;
  private static final float NOISE = 2;

  /** Where costs come from. */
  public enum Kind {
    /** Uniformly distributed. */
    RANDOM,
    /** Distances of normally distributed rows and a shuffled copy with twice as much noise. */
    CORRELATED
  }

  /** Neurons on both sides. */
  @Param({"128", "256", "512", "1024", "2048"})
  public int n;

  /** Problems in one call. */
  @Param({"1"})
  public int batch;

  /** Where costs come from. */
  @Param({"RANDOM", "CORRELATED"})
  public Kind kind;

  private Rotation<List<Matrix>> inputs;

  /** What one second does. */
  @State(Scope.Thread)
  @AuxCounters
  public static class Work {
    /** Assignments. */
    public double problems;

    /** Made by JMH. */
    public Work() {}
  }

  /** Made by JMH. */
  public AssignmentSuite() {}

  /** Uploads costs and checks one call. */
  @Setup
  public void setUp() {
    open();
    inputs = rotation((long) Float.BYTES * batch * n * n, this::costs);
    List<Matrix> costs = inputs.next();
    List<Assignment> assignments = device().assign(costs);
    for (int p = 0; p < batch; p++) {
      new AssignmentCheck(read(costs.get(p).span()), n).check(assignments.get(p).map().source());
    }
  }

  private List<Matrix> costs(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    FloatBuffer host = Inputs.direct(batch * n * n);
    for (int p = 0; p < batch; p++) {
      host.put(kind == Kind.RANDOM ? random(random) : correlated(random));
    }
    Span uploaded = upload(host.rewind());
    List<Matrix> costs = new ArrayList<>();
    for (int p = 0; p < batch; p++) {
      costs.add(matrix(uploaded, (long) p * n * n, n, n));
    }
    return costs;
  }

  private float[] random(SplittableRandom random) {
    float[] costs = new float[n * n];
    for (int k = 0; k < costs.length; k++) {
      costs[k] = (float) random.nextDouble();
    }
    return costs;
  }

  private float[] correlated(SplittableRandom random) {
    float[] x = Inputs.gaussians(n * FEATURES, random);
    float[] y = Inputs.gaussians(n * FEATURES, random);
    int[] source = Inputs.permutation(n, random);
    float[] costs = new float[n * n];
    for (int j = 0; j < n; j++) {
      for (int l = 0; l < FEATURES; l++) {
        y[j * FEATURES + l] = x[source[j] * FEATURES + l] + NOISE * y[j * FEATURES + l];
      }
      for (int i = 0; i < n; i++) {
        float sum = 0;
        for (int l = 0; l < FEATURES; l++) {
          float difference = x[i * FEATURES + l] - y[j * FEATURES + l];
          sum += difference * difference;
        }
        costs[i * n + j] = (float) Math.sqrt(sum);
      }
    }
    return costs;
  }

  /**
   * One call.
   *
   * @param work counts it
   * @return the assignments
   */
  @Benchmark
  public List<Assignment> assign(Work work) {
    work.problems += batch;
    return device().assign(inputs.next());
  }
}
