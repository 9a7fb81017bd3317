package org.otfuse.benchmarks;

import java.nio.FloatBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.otfuse.Architecture;
import org.otfuse.FeatureKind;
import org.otfuse.FusionEngine;
import org.otfuse.FusionListener;
import org.otfuse.FusionOptions;
import org.otfuse.FusionResult;
import org.otfuse.ModelSource;
import org.otfuse.Solver;
import org.otfuse.cli.bench.Inputs;

/** Whole fusions of two networks, from models in memory to a fused model. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class FusionSuite extends BackendSuite {
  private static final double EXACT = 1e-5;

  /** What the mass that Sinkhorn spreads over other neurons may change. */
  private static final double ENTROPIC = 1e-2;

  /** What is fused. */
  @Param({"MLP", "WIDE_MLP", "VGG11", "RESNET18"})
  public Network network;

  /** What neurons are compared by. */
  @Param({"WEIGHTS", "ACTIVATIONS"})
  public FeatureKind features;

  /** How couplings are found. */
  @Param({"EXACT", "SINKHORN"})
  public Solver solver;

  private FusionEngine engine;
  private FusionOptions options;
  private Rotation<ModelSource> inputs;

  /** Made by JMH. */
  public FusionSuite() {}

  /** Makes the networks and checks one fusion. */
  @Setup
  public void setUp() {
    engine = open();
    options = FusionOptions.builder().solver(solver).build();
    Architecture architecture = network.architecture();
    PlantedPair first = new PlantedPair(architecture, 1);
    int length = first.weights().get(0).capacity();
    inputs =
        rotation(
            2L * Float.BYTES * length,
            seed -> pair(seed == 1 ? first : new PlantedPair(architecture, seed)));
    FloatBuffer fused = Inputs.direct(length);
    fuse().model().tensors().forEach(tensor -> fused.put(tensor.duplicate()));
    first.check(fused, solver == Solver.EXACT ? EXACT : ENTROPIC);
  }

  private ModelSource pair(PlantedPair planted) {
    return features == FeatureKind.ACTIVATIONS
        ? ModelSource.of(planted.models(), planted.activations())
        : ModelSource.of(planted.models());
  }

  /**
   * One fusion.
   *
   * @return the result
   */
  @Benchmark
  public FusionResult fuse() {
    return engine.fuse(inputs.next(), options, FusionListener.none());
  }
}
