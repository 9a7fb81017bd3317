package org.otfuse.cuda;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.otfuse.DeviceException;
import org.otfuse.cuda.Driver.Attribute;
import org.otfuse.cuda.abi.otc_device;

/**
 * One device with a stream of its own. Calls take turns: each holds the engine while it enqueues
 * its work, and work is done in that order. What is opened here is released when the engine is
 * closed, if not before.
 *
 * <p>An error that CUDA recovers from is thrown and the engine works on. After one that loses the
 * device, or a release that fails, every call is refused with that error, but closing works.
 */
final class Engine implements AutoCloseable {
  private final Driver driver;
  private final int device;
  private final ReentrantLock lock = new ReentrantLock();
  private final Turn turn = new Turn();
  private final Set<Resource> open = new LinkedHashSet<>();
  private final otc_device limits = new otc_device();
  private final String deviceName;
  private final Resource pool;
  private final Resource stream;
  private final Staging staging;
  private Resource blas;
  private String lost;
  private boolean closed;

  /**
   * Takes a device.
   *
   * @throws DeviceException if CUDA fails
   */
  Engine(Driver driver, int device) {
    this.driver = driver;
    this.device = device;
    try (Turn first = enter()) {
      String[] name = new String[1];
      check(driver.deviceName(device, name), "cuDeviceGetName");
      deviceName = name[0];
      limits
          .multiprocessors(attribute(Attribute.MULTIPROCESSORS))
          .shared_per_block(attribute(Attribute.SHARED_PER_BLOCK))
          .shared_per_multiprocessor(attribute(Attribute.SHARED_PER_MULTIPROCESSOR));
      long[] handle = new long[1];
      check(driver.createPool(device, handle), "cudaMemPoolCreate");
      pool = new Resource(handle[0], "cudaMemPoolDestroy", driver::destroyPool);
      stream = createStream();
      staging = new Staging(this);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Something that must be released, by a call that is made once. */
  final class Resource implements AutoCloseable {
    private final long value;
    private final String call;
    private final Release release;
    private boolean released;

    private Resource(long value, String call, Release release) {
      this.value = value;
      this.call = call;
      this.release = release;
      open.add(this);
    }

    /** Address or handle. */
    long value() {
      return value;
    }

    /** Harmless if it was closed before, or the engine was. */
    @Override
    public void close() {
      lock.lock();
      try {
        if (released) {
          return;
        }
        released = true;
        open.remove(this);
        driver.selectDevice(device);
        int status = release.of(value);
        if (status != Driver.OK && lost == null) {
          lost = Failures.losing(driver.errorName(status), call);
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /** A call that releases a resource and returns a status. */
  private interface Release {
    int of(long value);
  }

  /** The calling thread's turn. */
  final class Turn implements AutoCloseable {
    private Turn() {}

    @Override
    public void close() {
      lock.unlock();
    }
  }

  /**
   * Waits for the engine. May be nested.
   *
   * @throws IllegalStateException if it is closed
   * @throws DeviceException if the device is lost
   */
  Turn enter() {
    lock.lock();
    try {
      if (closed) {
        throw new IllegalStateException("the back end is closed");
      }
      if (lost != null) {
        throw new DeviceException(lost);
      }
      check(driver.selectDevice(device), "cudaSetDevice");
      return turn;
    } catch (RuntimeException e) {
      turn.close();
      throw e;
    }
  }

  Driver driver() {
    return driver;
  }

  String deviceName() {
    return deviceName;
  }

  otc_device limits() {
    return limits;
  }

  /** The stream that all numeric work is on. */
  long stream() {
    return stream.value();
  }

  Staging staging() {
    return staging;
  }

  /** The cuBLAS handle, made when it is first asked for. */
  long blas() {
    if (blas == null) {
      long bytes = driver.blasWorkspace();
      Resource workspace = allocate(bytes);
      long[] handle = new long[1];
      try {
        check(driver.createBlas(stream(), workspace.value(), bytes, handle), "cublasCreate");
      } catch (RuntimeException e) {
        workspace.close();
        throw e;
      }
      blas = new Resource(handle[0], "cublasDestroy", driver::destroyBlas);
    }
    return blas.value();
  }

  /**
   * Takes device memory, released in the order of the stream.
   *
   * @param bytes above 0
   * @throws DeviceException if there is not enough
   */
  Resource allocate(long bytes) {
    long[] address = new long[1];
    int status = driver.allocate(bytes, pool.value(), stream(), address);
    if (status != Driver.OK) {
      throw failure(status, "cudaMallocFromPoolAsync", Failures.size(bytes));
    }
    return new Resource(address[0], "cudaFreeAsync", a -> driver.free(a, stream()));
  }

  /** Takes pinned host memory. */
  Resource allocateHost(long bytes) {
    long[] address = new long[1];
    int status = driver.allocateHost(bytes, address);
    if (status != Driver.OK) {
      throw failure(status, "cudaMallocHost", Failures.size(bytes) + " of pinned host memory");
    }
    return new Resource(address[0], "cudaFreeHost", driver::freeHost);
  }

  Resource createStream() {
    long[] handle = new long[1];
    check(driver.createStream(handle), "cudaStreamCreateWithFlags");
    return new Resource(handle[0], "cudaStreamDestroy", driver::destroyStream);
  }

  Resource createEvent() {
    long[] handle = new long[1];
    check(driver.createEvent(handle), "cudaEventCreateWithFlags");
    return new Resource(handle[0], "cudaEventDestroy", driver::destroyEvent);
  }

  /** Writes down what the work enqueues on the stream, to be launched as often as wanted. */
  Resource capture(List<Work> work) {
    blas(); // Nothing may be allocated while the stream is captured.
    check(driver.beginCapture(stream()), "cudaStreamBeginCapture");
    try {
      work.forEach(Work::enqueue);
    } catch (RuntimeException e) {
      endCapture(new int[1]).ifPresent(Resource::close);
      throw e;
    }
    long[] executable = new long[1];
    int[] status = new int[1];
    Optional<Resource> graph = endCapture(status);
    try {
      check(status[0], "cudaStreamEndCapture");
      check(driver.instantiate(graph.orElseThrow().value(), executable), "cudaGraphInstantiate");
    } finally {
      graph.ifPresent(Resource::close);
    }
    return new Resource(executable[0], "cudaGraphExecDestroy", driver::destroyExecutable);
  }

  private Optional<Resource> endCapture(int[] status) {
    long[] graph = new long[1];
    status[0] = driver.endCapture(stream(), graph);
    return graph[0] == 0
        ? Optional.empty()
        : Optional.of(new Resource(graph[0], "cudaGraphDestroy", driver::destroyGraph));
  }

  /** Enqueues a product by cuBLAS. */
  void multiply(Driver.Product product) {
    check(driver.multiply(blas(), product), "cublasSgemmStridedBatched");
  }

  /** Waits until everything on the stream is done. */
  void synchronize() {
    check(driver.synchronize(stream()), "cudaStreamSynchronize");
  }

  /** After a failure: waits for what is still under way, if that can be done. */
  void settle(long other) {
    if (lost == null) {
      driver.synchronize(other);
      driver.synchronize(stream());
    }
  }

  /** Turns a status into an exception. */
  void check(int status, String call) {
    if (status != Driver.OK) {
      throw failure(status, call, "memory for the call");
    }
  }

  private DeviceException failure(int status, String call, String asked) {
    String error = driver.errorName(status);
    if (Failures.losesDevice(error)) {
      lost = Failures.losing(error, call);
      return new DeviceException(lost);
    }
    if (Failures.isMemory(error)) {
      long[] free = new long[1];
      long[] total = new long[1];
      driver.memory(free, total);
      return new DeviceException(Failures.memory(error, call, asked, free[0], total[0]));
    }
    return new DeviceException(Failures.passing(error, call));
  }

  private int attribute(Attribute attribute) {
    int[] value = new int[1];
    check(driver.attribute(attribute, device, value), "cudaDeviceGetAttribute");
    return value[0];
  }

  /** Waits for the work that is under way and releases all that is open, last things first. */
  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      if (stream != null && lost == null) {
        driver.selectDevice(device);
        driver.synchronize(stream.value());
      }
      Resource[] rest = open.toArray(new Resource[0]);
      for (int i = rest.length - 1; i >= 0; i--) {
        rest[i].close();
      }
    } finally {
      lock.unlock();
    }
  }
}
