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
import org.otfuse.cli.bench.Inputs;
import org.otfuse.spi.AverageTask;
import org.otfuse.spi.AxisMap;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.NeuronMap;
import org.otfuse.spi.Span;

/**
 * The average of aligned models: convolutions [256,256,3,3], the first model in place, the others
 * carried over on both channel axes.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class AverageSuite extends BackendSuite {
  private static final int N = 256;
  private static final int TAPS = 9;
  private static final int LENGTH = N * N * TAPS;
  private static final int CHECKED_VALUES = 200;
  private static final double TOLERANCE = 1e-5;

  /** How neurons are carried over. */
  public enum Map {
    /** Permutations. */
    HARD,
    /** Dense maps whose columns sum to 1. */
    SOFT
  }

  /** Millions of parameters of one model, rounded to whole tensors. */
  @Param({"1", "10", "100"})
  public int millions;

  /** How many models. */
  @Param({"2", "8"})
  public int models;

  /** How neurons are carried over. */
  @Param({"HARD", "SOFT"})
  public Map map;

  /** Whether transfers count. */
  @Param({"RESIDENT"})
  public Transfer transfer;

  private int tensors;
  private int[][] permutations;
  private float[][] softMaps;
  private List<AxisMap> maps;
  private Span average;
  private FloatBuffer host;
  private Rotation<Weights> inputs;

  /** The tensors of all models, one model after the other, in host memory and on the device. */
  private record Weights(FloatBuffer values, List<AverageTask> tasks) {}

  /** What one second does. */
  @State(Scope.Thread)
  @AuxCounters
  public static class Work {
    /** Bytes of weights read and written, where they are only moved. */
    public double gigabyte;

    /** Multiplications and additions of soft maps. */
    public double gigaflop;

    /** Made by JMH. */
    public Work() {}
  }

  /** Made by JMH. */
  public AverageSuite() {}

  /** Uploads weights and maps and checks one call. */
  @Setup
  public void setUp() {
    open();
    tensors = (int) Math.max(1, Math.round(1e6 * millions / LENGTH));
    permutations = new int[2][];
    softMaps = new float[2][];
    maps = List.of(map(0), map(1), AxisMap.identity(TAPS));
    average = allocate((long) tensors * LENGTH);
    host = Inputs.direct(tensors * LENGTH);
    inputs = rotation((long) Float.BYTES * models * tensors * LENGTH, this::weights);
    Weights weights = inputs.next();
    device().average(weights.tasks);
    check(weights);
  }

  private AxisMap map(int axis) {
    Random random = new Random(7 + axis);
    permutations[axis] = Inputs.permutation(N, random);
    softMaps[axis] = softMap(random);
    NeuronMap neurons =
        map == Map.HARD
            ? new NeuronMap.Hard(permutations[axis], N)
            : new NeuronMap.Soft(Matrix.of(upload(direct(softMaps[axis])).buffer(), N, N));
    return new AxisMap(List.of(new AxisMap.Segment(neurons, 1)));
  }

  private static float[] softMap(Random random) {
    float[] matrix = new float[N * N];
    double[] sums = new double[N];
    for (int k = 0; k < matrix.length; k++) {
      matrix[k] = random.nextFloat();
      sums[k % N] += matrix[k];
    }
    for (int k = 0; k < matrix.length; k++) {
      matrix[k] /= (float) sums[k % N];
    }
    return matrix;
  }

  private Weights weights(long seed) {
    FloatBuffer values = NormalValues.direct(Math.multiplyExact(models * tensors, LENGTH), seed);
    return transfer == Transfer.RESIDENT || seed == 1
        ? new Weights(values, tasks(upload(values)))
        : new Weights(values, List.of());
  }

  private List<AverageTask> tasks(Span weights) {
    List<AxisMap> identity =
        List.of(AxisMap.identity(N), AxisMap.identity(N), AxisMap.identity(TAPS));
    List<AverageTask> tasks = new ArrayList<>();
    for (int t = 0; t < tensors; t++) {
      List<AverageTask.Source> sources = new ArrayList<>();
      for (int k = 0; k < models; k++) {
        Span values = new Span(weights.buffer(), at(k, t), LENGTH);
        sources.add(new AverageTask.Source(values, 1f / models, k == 0 ? identity : maps));
      }
      tasks.add(new AverageTask(new Span(average.buffer(), at(0, t), LENGTH), sources));
    }
    return tasks;
  }

  private long at(int model, int tensor) {
    return (long) (model * tensors + tensor) * LENGTH;
  }

  /** Computes some values again from their definition. */
  private void check(Weights weights) {
    float[] found = read(average);
    Random random = new Random(9);
    for (int k = 0; k < CHECKED_VALUES; k++) {
      int index = random.nextInt(found.length);
      int tensor = index / LENGTH;
      double sum = weights.values.get(index);
      for (int model = 1; model < models; model++) {
        sum += aligned(weights.values, (int) at(model, tensor), index % LENGTH);
      }
      WrongResultException.unlessClose("value " + index, found[index], sum / models, TOLERANCE);
    }
  }

  /** What a model has for a place of the anchor's tensor. */
  private double aligned(FloatBuffer values, int first, int place) {
    int row = place / TAPS / N;
    int column = place / TAPS % N;
    int tap = place % TAPS;
    if (map == Map.HARD) {
      int source = permutations[0][row] * N + permutations[1][column];
      return values.get(first + source * TAPS + tap);
    }
    double sum = 0;
    for (int i = 0; i < N; i++) {
      for (int j = 0; j < N; j++) {
        double factor = (double) softMaps[0][i * N + row] * softMaps[1][j * N + column];
        sum += factor * values.get(first + (i * N + j) * TAPS + tap);
      }
    }
    return sum;
  }

  /**
   * One call.
   *
   * @param work counts it
   */
  @Benchmark
  public void average(Work work) {
    Weights weights = inputs.next();
    if (transfer == Transfer.RESIDENT) {
      device().average(weights.tasks);
      await(average);
    } else {
      try (DeviceBuffer uploaded = device().upload(weights.values)) {
        device().average(tasks(Span.of(uploaded)));
        device().download(average, host);
      }
    }
    double values = (double) tensors * LENGTH;
    if (map == Map.HARD) {
      work.gigabyte += 1e-9 * Float.BYTES * (models + 1) * values;
    } else {
      work.gigaflop += 1e-9 * (models - 1) * values * 2 * (N + N);
    }
  }
}
