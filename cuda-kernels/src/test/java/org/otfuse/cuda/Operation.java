package org.otfuse.cuda;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
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
      List<CostTask> batch = new ArrayList<>();
      for (int t = 0; t < tasks; t++) {
        int d = t % 2 == 0 ? LONG : 2;
        batch.add(
            new CostTask(
                buffers.matrix(SIDE, d),
                buffers.matrix(SIDE, d),
                buffers.matrix(SIDE, SIDE),
                Metric.EUCLIDEAN));
      }
      backend.cost(batch);
    }
  },

  /** Entropic transport. */
  SINKHORN {
    @Override
    void run(Backend backend, Buffers buffers, int tasks) {
      List<SinkhornTask> batch = new ArrayList<>();
      for (int t = 0; t < tasks; t++) {
        batch.add(
            new SinkhornTask(
                buffers.matrix(5, 6),
                buffers.even(5),
                buffers.even(6),
                buffers.matrix(5, 6),
                buffers.even(5),
                buffers.even(6),
                new SinkhornSettings(0.1, 1e-3, 10, Double.POSITIVE_INFINITY, false)));
      }
      backend.sinkhorn(batch);
    }
  },

  /** Assignments. */
  ASSIGN {
    @Override
    void run(Backend backend, Buffers buffers, int tasks) {
      backend.assign(IntStream.range(0, tasks).mapToObj(t -> buffers.matrix(4, 4)).toList());
    }
  },

  /** Linear transport. */
  TRANSPORT {
    @Override
    void run(Backend backend, Buffers buffers, int tasks) {
      List<ExactTask> batch = new ArrayList<>();
      for (int t = 0; t < tasks; t++) {
        batch.add(
            new ExactTask(
                buffers.matrix(4, 5), buffers.even(4), buffers.even(5), buffers.matrix(4, 5)));
      }
      backend.transport(batch);
    }
  },

  /** Couplings to maps. */
  MAPS {
    @Override
    void run(Backend backend, Buffers buffers, int tasks) {
      List<MapTask> batch = new ArrayList<>();
      for (int t = 0; t < tasks; t++) {
        batch.add(new MapTask(buffers.matrix(4, 5), buffers.matrix(4, 5), buffers.matrix(4, 5)));
      }
      backend.maps(batch);
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
      List<FeatureTask> batch = new ArrayList<>();
      for (int t = 0; t < tasks; t++) {
        batch.add(
            new FeatureTask(
                buffers.even(4 * 3),
                List.of(AxisMap.identity(4), axis(new NeuronMap.Soft(buffers.matrix(3, 3)))),
                0,
                0,
                t % 2 == 0 ? Optional.of(buffers.even(4)) : Optional.empty(),
                buffers.matrix(4, 3),
                0));
      }
      backend.features(batch);
    }
  };

  /** Rows and columns of features that are long enough for products. */
  private static final int SIDE = 130;

  private static final int LONG = 600;

  private static AxisMap axis(NeuronMap map) {
    return new AxisMap(List.of(new AxisMap.Segment(map, 1)));
  }

  private static List<AverageTask> averages(Buffers buffers, int tasks, NeuronMap map) {
    List<AverageTask> batch = new ArrayList<>();
    for (int t = 0; t < tasks; t++) {
      List<AverageTask.Source> sources = new ArrayList<>();
      for (NeuronMap moved : List.of(new NeuronMap.Identity(3), map)) {
        sources.add(
            new AverageTask.Source(
                buffers.even(3 * 4), 0.5f, List.of(axis(moved), AxisMap.identity(4))));
      }
      batch.add(new AverageTask(buffers.even(3 * 4), sources));
    }
    return batch;
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
