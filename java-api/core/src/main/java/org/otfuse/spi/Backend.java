package org.otfuse.spi;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import org.otfuse.TransportReport;

/**
 * The numeric engine. All operations may be called from several threads at once, and each returns
 * when its results can be used by the next; {@link #download} waits for the device where there is
 * one. No target of a batch may overlap another target or a source; {@link Batches} refuses those
 * that do. Buffers of another back end are refused with {@link IllegalArgumentException}; a failing
 * device throws {@link org.otfuse.DeviceException}. After {@link #close} every call throws {@link
 * IllegalStateException}; calls that run while another thread closes end normally.
 */
public interface Backend extends AutoCloseable {
  /**
   * The back end's name.
   *
   * @return the label of its {@link org.otfuse.BackendChoice}; another one for a back end that only
   *     tests open
   */
  String name();

  /**
   * What runs underneath, for people.
   *
   * @return library and version, for example {@code "ND4J 1.0.0-M2.1, OpenBLAS 0.3.31"}
   */
  String version();

  /**
   * Where it computes, for people.
   *
   * @return for example {@code "2 threads"} or a GPU's name
   */
  String device();

  /**
   * Makes room for values; what is in it at first is undefined.
   *
   * @param length the number of floats
   * @return the buffer
   * @throws org.otfuse.DeviceException if there is not enough memory; the back end stays usable
   */
  DeviceBuffer allocate(long length);

  /**
   * Makes the remaining floats of a host buffer available. The buffer may be used where it lies
   * instead of being copied, so it must not change until the device buffer is closed; the back end
   * never writes to it.
   *
   * @param host heap or direct, in native byte order; its position is not moved
   * @return a buffer to read from
   */
  DeviceBuffer upload(FloatBuffer host);

  /**
   * Overwrites values on the device.
   *
   * @param host as many floats as the target is long; its position is not moved
   * @param target where they go
   */
  void write(FloatBuffer host, Span target);

  /**
   * Brings values to the host.
   *
   * @param source what to read
   * @param host room for as many floats; its position is not moved
   */
  void download(Span source, FloatBuffer host);

  /**
   * Gathers weight rows into feature matrices.
   *
   * @param tasks a ragged batch
   */
  void features(List<FeatureTask> tasks);

  /**
   * Computes pairwise cost matrices. For finite features every distance is right whatever the
   * magnitudes beside it: where a square, a product or a norm leaves float's range the pair is
   * taken in double. A distance above {@link Float#MAX_VALUE} becomes infinite; features that are
   * not finite give costs that are not, and the solvers refuse those.
   *
   * @param tasks a ragged batch
   */
  void cost(List<CostTask> tasks);

  /**
   * Solves entropic transport problems in the log domain. Each problem stops by itself.
   *
   * @param tasks a ragged batch
   * @return one report a task, in order
   * @throws org.otfuse.InvalidInputException if a cost, a mass or a potential to start from is not
   *     finite, naming the problem and the place
   */
  List<TransportReport> sinkhorn(List<SinkhornTask> tasks);

  /**
   * Solves linear assignment problems exactly.
   *
   * @param costs square cost matrices [n,n], not changed
   * @return one assignment a matrix, in order
   * @throws org.otfuse.InvalidInputException if a cost is not finite, naming the problem and the
   *     place
   */
  List<Assignment> assign(List<Matrix> costs);

  /**
   * The same, started from guesses of the column potentials of the dual problem, for example those
   * of a Sinkhorn solution: the nearer they are the quicker it goes. The assignments are optimal
   * whatever the guesses; among equally good ones another may be returned.
   *
   * @param costs square cost matrices [n,n], not changed
   * @param columnPotentials one run [n] of finite values in units of cost for each matrix
   * @return one assignment a matrix, in order
   */
  default List<Assignment> assign(List<Matrix> costs, List<Span> columnPotentials) {
    return assign(costs);
  }

  /**
   * Solves linear transport problems exactly.
   *
   * @param tasks a ragged batch
   * @return one report a task, in order
   * @throws org.otfuse.InvalidInputException if a cost or a mass is not finite, naming the problem
   *     and the place
   */
  List<TransportReport> transport(List<ExactTask> tasks);

  /**
   * The same, started from guesses of the column potentials of the dual problem, for example those
   * of a Sinkhorn solution: the nearer they are the quicker it goes. The plans are optimal whatever
   * the guesses; among equally good ones another may be returned.
   *
   * @param tasks a ragged batch
   * @param columnPotentials one run [m] of finite values in units of cost for each task
   * @return one report a task, in order
   */
  default List<TransportReport> transport(List<ExactTask> tasks, List<Span> columnPotentials) {
    return transport(tasks);
  }

  /**
   * Turns couplings into maps.
   *
   * @param tasks a ragged batch
   */
  void maps(List<MapTask> tasks);

  /**
   * Averages aligned tensors. Hard maps are a gather, soft maps a matrix product for each axis.
   *
   * @param tasks one task a tensor
   */
  void average(List<AverageTask> tasks);

  /**
   * Makes a whole fusion ready to run again and again without going back to Java in between.
   *
   * @param program what to do
   * @return the program ready to run, or empty if this back end leaves that to its caller
   */
  default Optional<CompiledFusion> compile(FusionProgram program) {
    return Optional.empty();
  }

  /**
   * Measures the limits of the machine, which takes a second or so.
   *
   * @return the limits, or empty if this back end cannot measure them
   */
  default Optional<MachineLimits> limits() {
    return Optional.empty();
  }

  @Override
  void close();
}
