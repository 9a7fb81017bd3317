package org.otfuse.benchmarks;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.otfuse.spi.MachineLimits;

/** What the machine can do at most, measured by the back ends that can tell. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
public class LimitsSuite extends BackendSuite {
  /** The limits, in units a second. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.EVENTS)
  public static class Limits {
    /** Powers of two on registers. */
    public double gigaexp;

    /** Bytes of a cached matrix read by matrix-vector products. */
    public double cachedGigabyte;

    /** Bytes read and written by copying more than the caches hold. */
    public double gigabyte;

    /** Multiplications and additions on registers. */
    public double gigaflop;

    /** Made by JMH. */
    public Limits() {}
  }

  /** Made by JMH. */
  public LimitsSuite() {}

  /** Opens the back end. */
  @Setup
  public void setUp() {
    open();
  }

  /**
   * Measures.
   *
   * @param found the limits
   */
  @Benchmark
  public void limits(Limits found) {
    MachineLimits limits = device().limits().orElseThrow();
    found.gigaexp = limits.exp2PerSecond() / 1e9;
    found.cachedGigabyte = limits.matrixVectorBytesPerSecond() / 1e9;
    found.gigabyte = limits.copyBytesPerSecond() / 1e9;
    found.gigaflop = limits.sgemmFlopsPerSecond() / 1e9;
  }
}
