package org.otfuse.cuda;

/**
 * All that the back end asks of CUDA and cuBLAS, so that everything above can also run where there
 * is no GPU. Addresses and handles are plain numbers, 0 is null. Unless said otherwise a method
 * returns a status: 0, or an error whose name {@link #errorName} tells; results go into element 0
 * of an array. Work on a stream is only enqueued. Thread-safe as CUDA is.
 */
interface Driver extends Kernels {
  /** The status of a call that went well. */
  int OK = 0;

  /** For example {@code cudaErrorMemoryAllocation}; no status. */
  String errorName(int status);

  /** What a back end on top of it is called; no status. */
  String backendName();

  /** What runs underneath, for people; no status. */
  String description();

  int driverVersion(int[] version);

  int deviceCount(int[] count);

  int deviceName(int device, String[] name);

  int attribute(Attribute attribute, int device, int[] value);

  /** Makes a device the calling thread's. */
  int selectDevice(int device);

  /** A pool of device memory, which keeps what is freed for the next allocation. */
  int createPool(int device, long[] pool);

  /** Gives the pool's memory back to the device, once all that was taken from it is freed. */
  int destroyPool(long pool);

  /** Free and total bytes of the selected device. */
  int memory(long[] free, long[] total);

  /** From a pool, stream-ordered, aligned to 256 bytes. */
  int allocate(long bytes, long pool, long stream, long[] address);

  int free(long address, long stream);

  /** Pinned. */
  int allocateHost(long bytes, long[] address);

  int freeHost(long address);

  int upload(long target, long source, long bytes, long stream);

  int download(long target, long source, long bytes, long stream);

  /** Copies rows of {@code width} bytes on the device. */
  int copyRows(
      long target,
      long targetPitch,
      long source,
      long sourcePitch,
      long width,
      long rows,
      long stream);

  int createStream(long[] stream);

  int destroyStream(long stream);

  int synchronize(long stream);

  int createEvent(long[] event);

  int destroyEvent(long event);

  int record(long event, long stream);

  /** Holds back what is enqueued on the stream from now on until the event has happened. */
  int waitFor(long stream, long event);

  int synchronizeEvent(long event);

  /** From here on, work on the stream is written down instead of done. */
  int beginCapture(long stream);

  int endCapture(long stream, long[] graph);

  int destroyGraph(long graph);

  int instantiate(long graph, long[] executable);

  int launch(long executable, long stream);

  int destroyExecutable(long executable);

  /** Bytes of device memory that a cuBLAS handle works with; no status. */
  long blasWorkspace();

  /** A cuBLAS handle that works on one stream, in FP32 and with nothing less. */
  int createBlas(long stream, long workspace, long bytes, long[] handle);

  int destroyBlas(long handle);

  int multiply(long handle, Product product);

  /** What must be known of a device, by its number in CUDA. */
  enum Attribute {
    MULTIPROCESSORS(16),
    COMPUTE_MAJOR(75),
    COMPUTE_MINOR(76),
    SHARED_PER_MULTIPROCESSOR(81),
    COOPERATIVE_LAUNCH(95),
    SHARED_PER_BLOCK(97),
    MEMORY_POOLS(115);

    private final int number;

    Attribute(int number) {
      this.number = number;
    }

    int number() {
      return number;
    }
  }

  /**
   * A batch of products of row-major matrices: for every k below count, {@code target[k] = alpha *
   * left[k] * right[k] + beta * target[k]}, with left [rows,depth], right [depth,columns], or their
   * transposes as they lie.
   *
   * @param leftTransposed whether left lies as [depth,rows]
   * @param rightTransposed whether right lies as [columns,depth]
   * @param left address of the first left matrix
   * @param leftPitch floats between its rows as they lie
   * @param leftStride floats between two left matrices
   * @param right address of the first right matrix
   * @param rightPitch floats between its rows as they lie
   * @param rightStride floats between two right matrices
   * @param target address of the first target [rows,columns]
   * @param targetPitch floats between its rows
   * @param targetStride floats between two targets
   */
  record Product(
      boolean leftTransposed,
      boolean rightTransposed,
      int rows,
      int columns,
      int depth,
      float alpha,
      long left,
      int leftPitch,
      long leftStride,
      long right,
      int rightPitch,
      long rightStride,
      float beta,
      long target,
      int targetPitch,
      long targetStride,
      int count) {}
}
