package org.otfuse.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.ServiceLoader;
import org.otfuse.BackendChoice;
import org.otfuse.BackendUnavailableException;
import org.otfuse.TransportReport;
import org.otfuse.spi.Assignment;
import org.otfuse.spi.Backend;
import org.otfuse.spi.BackendProvider;
import org.otfuse.spi.BackendSettings;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.ExactTask;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.Span;

/**
 * Assignments and linear transport, which are solved on the CPU: by the native back end where it
 * can be used, otherwise by the java one, whose linear transport ignores the start that it is
 * given. It is opened when it is first needed. Used within a turn.
 */
final class ExactSolvers implements AutoCloseable {
  /** The most that the largest cost may be of the median of the columns' least ones. */
  private static final float UNEVEN = 0x1p20f;

  private final BackendSettings settings;
  private Backend host;

  ExactSolvers(BackendSettings settings) {
    this.settings = settings;
  }

  private Backend host() {
    if (host == null) {
      host = open();
    }
    return host;
  }

  private Backend open() {
    for (BackendChoice choice : List.of(BackendChoice.NATIVE, BackendChoice.JAVA)) {
      for (BackendProvider provider : ServiceLoader.load(BackendProvider.class)) {
        if (provider.choice() == choice) {
          try {
            return provider.open(settings);
          } catch (BackendUnavailableException e) {
            break; // Its library was not built; the next choice needs none.
          }
        }
      }
    }
    throw new BackendUnavailableException(
        "The cuda back end found no back end on the CPU for exact solutions.");
  }

  /** Assignments of costs on the device, started from its potentials. */
  List<Assignment> assign(Call call, List<Matrix> costs) {
    List<CoarsePotentials.Task> tasks = new ArrayList<>();
    for (Matrix cost : costs) {
      if (cost.rows() != cost.columns()) {
        throw new IllegalArgumentException(
            "cost [" + cost.rows() + "," + cost.columns() + "] is not square");
      }
      int n = cost.rows();
      long mass = call.scratch().uniform(n);
      tasks.add(new CoarsePotentials.Task(call.at(cost), mass, mass, n, n));
    }
    if (tasks.isEmpty()) {
      return List.of();
    }
    CoarsePotentials coarse = new CoarsePotentials(call.scratch(), tasks);
    coarse.enqueue();
    List<FloatBuffer> values = new ArrayList<>();
    List<FloatBuffer> potentials = new ArrayList<>();
    for (int k = 0; k < tasks.size(); k++) {
      int n = tasks.get(k).n();
      values.add(download(call, tasks.get(k).cost(), (long) n * n));
      potentials.add(download(call, coarse.potentials(k), n));
    }
    return assign(values, potentials);
  }

  /**
   * Assignments of costs in direct buffers.
   *
   * @param costs [n,n] each
   * @param potentials of the columns [n], to start from; those that are not finite count as 0
   */
  List<Assignment> assign(List<FloatBuffer> costs, List<FloatBuffer> potentials) {
    try (Uploads uploads = new Uploads()) {
      List<Matrix> matrices = new ArrayList<>();
      List<Span> spans = new ArrayList<>();
      boolean even = true;
      for (int k = 0; k < costs.size(); k++) {
        int n = potentials.get(k).remaining();
        matrices.add(uploads.matrix(costs.get(k), n, n));
        spans.add(uploads.start(potentials.get(k)));
        even &= even(costs.get(k), n);
      }
      return even ? host().assign(matrices, spans) : host().assign(matrices);
    }
  }

  /** Linear transport of costs on the device, started from its potentials. */
  List<TransportReport> transport(Call call, List<ExactTask> tasks) {
    if (tasks.isEmpty()) {
      return List.of();
    }
    List<Long> plans = tasks.stream().map(task -> call.at(task.plan())).toList();
    CoarsePotentials coarse =
        new CoarsePotentials(
            call.scratch(),
            tasks.stream()
                .map(
                    task ->
                        new CoarsePotentials.Task(
                            call.at(task.cost()),
                            call.at(task.a()),
                            call.at(task.b()),
                            task.cost().rows(),
                            task.cost().columns()))
                .toList());
    coarse.enqueue();
    List<Problem> problems = new ArrayList<>();
    for (int k = 0; k < tasks.size(); k++) {
      ExactTask task = tasks.get(k);
      problems.add(
          new Problem(
              download(call, call.at(task.cost()), task.cost().length()),
              download(call, call.at(task.a()), task.a().length()),
              download(call, call.at(task.b()), task.b().length()),
              download(call, coarse.potentials(k), task.b().length()),
              direct(task.plan().length())));
    }
    List<TransportReport> reports = transport(problems);
    for (int k = 0; k < plans.size(); k++) {
      call.engine().staging().upload(problems.get(k).plan, plans.get(k), call.engine().stream());
    }
    return reports;
  }

  /**
   * Linear transport in direct buffers: a cost [n,m], masses [n] and [m]; the plan is written.
   *
   * @param potentials of the columns [m], to start from; those that are not finite count as 0
   */
  record Problem(
      FloatBuffer cost, FloatBuffer a, FloatBuffer b, FloatBuffer potentials, FloatBuffer plan) {}

  /** Linear transport of a batch, which the CPU's threads share. */
  List<TransportReport> transport(List<Problem> problems) {
    try (Uploads uploads = new Uploads()) {
      List<ExactTask> tasks = new ArrayList<>();
      List<Span> spans = new ArrayList<>();
      boolean even = true;
      for (Problem p : problems) {
        int n = p.a.remaining();
        int m = p.b.remaining();
        tasks.add(
            new ExactTask(
                uploads.matrix(p.cost, n, m),
                uploads.span(p.a),
                uploads.span(p.b),
                uploads.room(n, m)));
        spans.add(uploads.start(p.potentials));
        even &= even(p.cost, m);
      }
      List<TransportReport> reports =
          even ? host().transport(tasks, spans) : host().transport(tasks);
      for (int k = 0; k < tasks.size(); k++) {
        host().download(tasks.get(k).plan().span(), problems.get(k).plan);
      }
      return reports;
    }
  }

  /**
   * Whether no cost is so much larger than others that potentials of its size would swallow the
   * digits of the others.
   */
  private static boolean even(FloatBuffer cost, int columns) {
    float[] least = new float[columns];
    Arrays.fill(least, Float.POSITIVE_INFINITY);
    float[] row = new float[columns];
    float largest = 0;
    for (int at = cost.position(); at < cost.limit(); at += columns) {
      cost.get(at, row);
      for (int j = 0; j < columns; j++) {
        least[j] = Math.min(least[j], row[j]);
        largest = Math.max(largest, row[j]);
      }
    }
    Arrays.sort(least);
    return largest <= UNEVEN * least[columns / 2];
  }

  private static FloatBuffer download(Call call, long address, long count) {
    FloatBuffer target = direct(count);
    call.engine().staging().download(address, target, call.engine().stream());
    return target;
  }

  private static FloatBuffer direct(long count) {
    return ByteBuffer.allocateDirect(Math.toIntExact(Math.multiplyExact(count, Float.BYTES)))
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  /** Buffers of the back end on the CPU for one call. */
  private final class Uploads implements AutoCloseable {
    private final List<DeviceBuffer> buffers = new ArrayList<>();

    Span span(FloatBuffer values) {
      DeviceBuffer buffer = host().upload(values);
      buffers.add(buffer);
      return Span.of(buffer);
    }

    /** Potentials to start from, made finite where they are not. */
    Span start(FloatBuffer potentials) {
      for (int j = potentials.position(); j < potentials.limit(); j++) {
        if (!Float.isFinite(potentials.get(j))) {
          potentials.put(j, 0);
        }
      }
      return span(potentials);
    }

    Matrix matrix(FloatBuffer values, int rows, int columns) {
      return Matrix.of(span(values).buffer(), rows, columns);
    }

    Matrix room(int rows, int columns) {
      DeviceBuffer buffer = host().allocate((long) rows * columns);
      buffers.add(buffer);
      return Matrix.of(buffer, rows, columns);
    }

    @Override
    public void close() {
      buffers.forEach(DeviceBuffer::close);
    }
  }

  @Override
  public void close() {
    if (host != null) {
      host.close();
    }
  }
}
