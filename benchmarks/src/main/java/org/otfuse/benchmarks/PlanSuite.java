package org.otfuse.benchmarks;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.otfuse.Architecture;
import org.otfuse.FusionOptions;
import org.otfuse.FusionPlan;
import org.otfuse.cli.bench.Inputs;

/**
 * How long one call of a prepared plan takes, from direct buffers to a direct buffer: on a GPU the
 * way there and back is in it.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class PlanSuite extends BackendSuite {
  private static final double EXACT = 1e-5;

  /** What is fused. */
  @Param({"MLP", "WIDE_MLP", "VGG11", "RESNET18"})
  public Network network;

  private FusionPlan plan;
  private Rotation<List<FloatBuffer>> inputs;
  private FloatBuffer output;

  /** Made by JMH. */
  public PlanSuite() {}

  /** Prepares the plan and checks one call. */
  @Setup
  public void setUp() {
    Architecture architecture = network.architecture();
    plan = open().prepare(architecture, FusionOptions.DEFAULTS);
    output = Inputs.direct(plan.length());
    PlantedPair first = new PlantedPair(architecture, 1);
    inputs =
        rotation(
            2L * Float.BYTES * plan.length(),
            seed -> (seed == 1 ? first : new PlantedPair(architecture, seed)).weights());
    first.check(fuse(), EXACT);
  }

  /**
   * One call.
   *
   * @return the fused weights
   */
  @Benchmark
  public FloatBuffer fuse() {
    plan.fuse(inputs.next(), output);
    return output;
  }

  /** Closes the plan before its engine. */
  @TearDown
  @Override
  public void close() {
    plan.close();
    super.close();
  }
}
