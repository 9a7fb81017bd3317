package org.otfuse.cuda;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.otfuse.Metric;
import org.otfuse.SinkhornSettings;
import org.otfuse.spi.AverageTask;
import org.otfuse.spi.AxisMap;
import org.otfuse.spi.Backend;
import org.otfuse.spi.CostTask;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.ExactTask;
import org.otfuse.spi.FeatureTask;
import org.otfuse.spi.MapTask;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.NeuronMap;
import org.otfuse.spi.SinkhornTask;
import org.otfuse.spi.Span;

/** Single calls of a back end on batches of a few tasks, for tests that are not about numbers. */
enum Operation {
  /** Uploads, an overwrite and a download. */
  TRANSFERS {
    @Override
    void run(Backend backend, Buffers buffers, int tasks) {
      for (int t = 0; t < tasks; t++) {
        Span span = buffers.even(10);
        backend.write(FloatBuffer.allocate(10), span);
        backend.download(span, FloatBuffer.allocate(10));
      }
    }
  },

  /** Half of them with features so long that products pay. */
  COST {
    @Override
    void run(Backend backend, Buffers buffers, int tasks) {
      backend.cost(
          batch(
              tasks,
              t -> {
                int d = t % 2 == 0 ? LONG : 2;
                return new CostTask(
                    buffers.matrix(SIDE, d),
                    buffers.matrix(SIDE, d),
                    buffers.matrix(SIDE, SIDE),
                    Metric.EUCLIDEAN);
              }));
    }
  },

  /** Entropic transport. */
  SINKHORN {
    @Override
    void run(Backend backend, Buffers buffers, int tasks) {
      backend.sinkhorn(
          batch(
              tasks,
              t ->
                  new SinkhornTask(
                      buffers.matrix(5, 6),
                      buffers.even(5),
                      buffers.even(6),
                      buffers.matrix(5, 6),
                      buffers.even(5),
                      buffers.even(6),
                      new SinkhornSettings(0.1, 1e-3, 10, Double.POSITIVE_INFINITY, false))));
    }
  },

  /** Assignments. */
  ASSIGN {
    @Override
    void run(Backend backend, Buffers buffers, int tasks) {
      backend.assign(batch(tasks, t -> buffers.matrix(4, 4)));
    }
  },

  /** Linear transport. */
  TRANSPORT {
    @Override
    void run(Backend backend, Buffers buffers, int tasks) {
      backend.transport(
          batch(
              tasks,
              t ->
                  new ExactTask(
                      buffers.matrix(4, 5),
                      buffers.even(4),
                      buffers.even(5),
                      buffers.matrix(4, 5))));
    }
  },

  /** Linear transport of unequal masses, and assignments, from potentials. */
  EXACT_FROM_POTENTIALS {
    @Override
    void run(Backend backend, Buffers buffers, int tasks) {
      backend.assign(batch(tasks, t -> buffers.matrix(4, 4)), batch(tasks, t -> buffers.even(4)));
      backend.transport(
          batch(
              tasks,
              t ->
                  new ExactTask(
                      buffers.matrix(2, 3),
                      buffers.of(0.7f, 0.3f),
                      buffers.of(0.5f, 0.2f, 0.3f),
                      buffers.matrix(2, 3))),
          batch(tasks, t -> buffers.even(3)));
    }
  },

  /** Couplings to maps. */
  MAPS {
    @Override
    void run(Backend backend, Buffers buffers, int tasks) {
      backend.maps(
          batch(
              tasks,
              t -> new MapTask(buffers.matrix(4, 5), buffers.matrix(4, 5), buffers.matrix(4, 5))));
    }
  },

  /** Averages of two tensors through hard maps. */
  HARD_AVERAGE {
    @Override
    void run(Backend backend, Buffers buffers, int tasks) {
      NeuronMap swap = new NeuronMap.Hard(new int[] {1, 0, 2}, 3);
      backend.average(averages(buffers, tasks, swap));
    }
  },

  /** The same through soft maps. */
  SOFT_AVERAGE {
    @Override
    void run(Backend backend, Buffers buffers, int tasks) {
      backend.average(averages(buffers, tasks, new NeuronMap.Soft(buffers.matrix(3, 3))));
    }
  },

  /** Weight rows, half of them scaled, through a soft map of the other axis. */
  FEATURES {
    @Override
    void run(Backend backend, Buffers buffers, int tasks) {
      backend.features(
          batch(
              tasks,
              t ->
                  new FeatureTask(
                      buffers.even(4 * 3),
                      List.of(AxisMap.identity(4), axis(new NeuronMap.Soft(buffers.matrix(3, 3)))),
                      0,
                      0,
                      t % 2 == 0 ? Optional.of(buffers.even(4)) : Optional.empty(),
                      buffers.matrix(4, 3),
                      0)));
    }
  };

  /** Rows and columns of features that are long enough for products. */
  private static final int SIDE = 130;

  private static final int LONG = 600;

  private static <T> List<T> batch(int tasks, IntFunction<T> task) {
    return IntStream.range(0, tasks).mapToObj(task).toList();
  }

  private static AxisMap axis(NeuronMap map) {
    return new AxisMap(List.of(new AxisMap.Segment(map, 1)));
  }

  private static List<AverageTask> averages(Buffers buffers, int tasks, NeuronMap map) {
    return batch(
        tasks,
        t ->
            new AverageTask(
                buffers.even(3 * 4),
                Stream.of(new NeuronMap.Identity(3), map)
                    .map(
                        moved ->
                            new AverageTask.Source(
                                buffers.even(3 * 4),
                                0.5f,
                                List.of(axis(moved), AxisMap.identity(4))))
                    .toList()));
  }

  /** Calls the operation once with so many tasks. */
  abstract void run(Backend backend, Buffers buffers, int tasks);

  /** Buffers of equal positive values that sum to 1. */
  static final class Buffers implements AutoCloseable {
    private final Backend backend;
    private final List<DeviceBuffer> open = new ArrayList<>();

    Buffers(Backend backend) {
      this.backend = backend;
    }

    Span even(int length) {
      float[] values = new float[length];
      Arrays.fill(values, 1f / length);
      return of(values);
    }

    Span of(float... values) {
      DeviceBuffer buffer = backend.upload(FloatBuffer.wrap(values));
      open.add(buffer);
      return Span.of(buffer);
    }

    Matrix matrix(int rows, int columns) {
      return Matrix.of(even(rows * columns).buffer(), rows, columns);
    }

    @Override
    public void close() {
      open.forEach(DeviceBuffer::close);
    }
  }
}
