package org.otfuse.selftest;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.otfuse.spi.Backend;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.Span;

/** Buffers of a back end with values from one sequence of random numbers, the same every time. */
final class SelfTestArena implements AutoCloseable {
  private final Backend backend;
  private final Random random;
  private final List<DeviceBuffer> buffers = new ArrayList<>();

  SelfTestArena(Backend backend, long seed) {
    this.backend = backend;
    this.random = new Random(seed);
  }

  Random random() {
    return random;
  }

  Span upload(float... values) {
    DeviceBuffer buffer = backend.upload(FloatBuffer.wrap(values));
    buffers.add(buffer);
    return Span.of(buffer);
  }

  Matrix matrix(int rows, int columns, float... values) {
    return Matrix.of(upload(values).buffer(), rows, columns);
  }

  /** Normally distributed. */
  Matrix gaussian(int rows, int columns) {
    float[] values = new float[rows * columns];
    for (int k = 0; k < values.length; k++) {
      values[k] = (float) random.nextGaussian();
    }
    return matrix(rows, columns, values);
  }

  /** Costs from 0.1 to 1.1. */
  Matrix costs(int rows, int columns) {
    float[] values = new float[rows * columns];
    for (int k = 0; k < values.length; k++) {
      values[k] = 0.1f + random.nextFloat();
    }
    return matrix(rows, columns, values);
  }

  /** Masses that differ up to threefold and sum to 1. */
  Span masses(int n) {
    double[] masses = random.doubles(n, 1, 3).toArray();
    double sum = Arrays.stream(masses).sum();
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) (masses[i] / sum);
    }
    return upload(values);
  }

  Span even(int n) {
    float[] values = new float[n];
    Arrays.fill(values, 1f / n);
    return upload(values);
  }

  /** A random order. */
  int[] permutation(int n) {
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  /** Room for results, full of NaN so that what is not written shows. */
  Matrix room(int rows, int columns) {
    float[] values = new float[rows * columns];
    Arrays.fill(values, Float.NaN);
    Matrix room = Matrix.of(backend.allocate(values.length), rows, columns);
    buffers.add(room.buffer());
    backend.write(FloatBuffer.wrap(values), room.span());
    return room;
  }

  float[] read(Span span) {
    float[] values = new float[(int) span.length()];
    backend.download(span, FloatBuffer.wrap(values));
    return values;
  }

  float[] read(Matrix matrix) {
    return read(matrix.span());
  }

  @Override
  public void close() {
    buffers.forEach(DeviceBuffer::close);
  }
}
