package org.otfuse.benchmarks;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.LongFunction;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.otfuse.BackendChoice;
import org.otfuse.FusionEngine;
import org.otfuse.cli.bench.Inputs;
import org.otfuse.spi.Backend;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.Span;

/** The back end that a suite times, and the buffers that live as long as the trial. */
@State(Scope.Benchmark)
public abstract class BackendSuite {
  /** Inputs that a suite takes in turn are at least so many bytes together. */
  private static final long ROTATED_BYTES = 64L << 20;

  private static final int MOST_SETS = 64;

  /** The label of a {@link BackendChoice}. */
  @Param({"java", "nd4j", "native", "cuda"})
  public String backend;

  private final List<DeviceBuffer> buffers = new ArrayList<>();
  private final FloatBuffer probe = Inputs.direct(1);
  private FusionEngine engine;

  /** Opens the back end; the first step of every setup. */
  final FusionEngine open() {
    engine = FusionEngine.open(BackendChoice.valueOf(backend.toUpperCase(Locale.ROOT)));
    return engine;
  }

  final Backend device() {
    return engine.backend();
  }

  /** Makes sets of inputs, one a seed, until no cache holds them all. */
  static <T> Rotation<T> rotation(long bytesOfOne, LongFunction<T> make) {
    long count = Math.min(MOST_SETS, (ROTATED_BYTES + bytesOfOne - 1) / Math.max(1, bytesOfOne));
    List<T> sets = new ArrayList<>();
    for (long seed = 1; seed <= count; seed++) {
      sets.add(make.apply(seed));
    }
    return new Rotation<>(sets);
  }

  final Span upload(FloatBuffer host) {
    return Span.of(keep(device().upload(host)));
  }

  final Span uniform(int length) {
    return upload(direct(Inputs.uniform(length)));
  }

  final Span allocate(long length) {
    return Span.of(keep(device().allocate(length)));
  }

  private DeviceBuffer keep(DeviceBuffer buffer) {
    buffers.add(buffer);
    return buffer;
  }

  /** A matrix inside a span, the first of its floats at the offset. */
  static Matrix matrix(Span span, long offset, int rows, int columns) {
    return new Matrix(span.buffer(), span.offset() + offset, rows, columns);
  }

  /** Waits until the device has written the span: its last float is brought to the host. */
  final void await(Span written) {
    device()
        .download(new Span(written.buffer(), written.offset() + written.length() - 1, 1), probe);
  }

  final float[] read(Span span) {
    FloatBuffer host = Inputs.direct(Math.toIntExact(span.length()));
    device().download(span, host);
    float[] values = new float[host.capacity()];
    host.get(0, values);
    return values;
  }

  static FloatBuffer direct(float[] values) {
    return Inputs.direct(values.length).put(values).rewind();
  }

  /** Closes what the trial opened. */
  @TearDown
  public void close() {
    buffers.forEach(DeviceBuffer::close);
    engine.close();
  }
}
