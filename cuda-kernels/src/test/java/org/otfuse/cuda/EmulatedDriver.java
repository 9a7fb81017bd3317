package org.otfuse.cuda;

/** The emulated device in place of CUDA and cuBLAS. */
final class EmulatedDriver implements Driver {
  private static final int VERSION = 13000;
  private static final int HOST_TO_DEVICE = 1;
  private static final int DEVICE_TO_HOST = 2;
  private static final int DEVICE_TO_DEVICE = 3;

  EmulatedDriver() {
    Emulator.load();
  }

  @Override
  public String errorName(int status) {
    return Emulator.ote_error_name(status).getString();
  }

  @Override
  public String backendName() {
    return "cuda-emulated";
  }

  @Override
  public String description() {
    return "emulated CUDA";
  }

  @Override
  public int driverVersion(int[] version) {
    version[0] = VERSION;
    return OK;
  }

  @Override
  public int deviceCount(int[] count) {
    return Emulator.ote_device_count(count);
  }

  @Override
  public int deviceName(int device, String[] name) {
    name[0] = "emulated GPU";
    return OK;
  }

  @Override
  public int attribute(Attribute attribute, int device, int[] value) {
    return Emulator.ote_device_attribute(value, attribute.number());
  }

  @Override
  public int selectDevice(int device) {
    return OK;
  }

  @Override
  public int createPool(int device, long[] pool) {
    return Emulator.ote_pool_create(pool);
  }

  @Override
  public int destroyPool(long pool) {
    return Emulator.ote_pool_destroy(pool);
  }

  @Override
  public int memory(long[] free, long[] total) {
    return Emulator.ote_memory_info(free, total);
  }

  @Override
  public int allocate(long bytes, long pool, long stream, long[] address) {
    return Emulator.ote_malloc_from_pool_async(address, bytes, pool, stream);
  }

  @Override
  public int free(long address, long stream) {
    return Emulator.ote_free_async(address, stream);
  }

  @Override
  public int allocateHost(long bytes, long[] address) {
    return Emulator.ote_host_alloc(address, bytes);
  }

  @Override
  public int freeHost(long address) {
    return Emulator.ote_host_free(address);
  }

  @Override
  public int upload(long target, long source, long bytes, long stream) {
    return Emulator.ote_copy_async(target, source, bytes, HOST_TO_DEVICE, stream);
  }

  @Override
  public int download(long target, long source, long bytes, long stream) {
    return Emulator.ote_copy_async(target, source, bytes, DEVICE_TO_HOST, stream);
  }

  @Override
  public int copyRows(
      long target,
      long targetPitch,
      long source,
      long sourcePitch,
      long width,
      long rows,
      long stream) {
    int status = OK;
    for (long row = 0; row < rows && status == OK; row++) {
      status =
          Emulator.ote_copy_async(
              target + row * targetPitch,
              source + row * sourcePitch,
              width,
              DEVICE_TO_DEVICE,
              stream);
    }
    return status;
  }

  @Override
  public int createStream(long[] stream) {
    return Emulator.ote_stream_create(stream);
  }

  @Override
  public int destroyStream(long stream) {
    return Emulator.ote_stream_destroy(stream);
  }

  @Override
  public int synchronize(long stream) {
    return Emulator.ote_stream_synchronize(stream);
  }

  @Override
  public int createEvent(long[] event) {
    return Emulator.ote_event_create(event);
  }

  @Override
  public int destroyEvent(long event) {
    return Emulator.ote_event_destroy(event);
  }

  @Override
  public int record(long event, long stream) {
    return Emulator.ote_event_record(event, stream);
  }

  @Override
  public int waitFor(long stream, long event) {
    return Emulator.ote_stream_wait_event(stream, event);
  }

  @Override
  public int synchronizeEvent(long event) {
    return Emulator.ote_event_synchronize(event);
  }

  @Override
  public int beginCapture(long stream) {
    return Emulator.ote_capture_begin(stream);
  }

  @Override
  public int endCapture(long stream, long[] graph) {
    return Emulator.ote_capture_end(stream, graph);
  }

  @Override
  public int destroyGraph(long graph) {
    return Emulator.ote_graph_destroy(graph);
  }

  @Override
  public int instantiate(long graph, long[] executable) {
    return Emulator.ote_graph_instantiate(executable, graph);
  }

  @Override
  public int launch(long executable, long stream) {
    return Emulator.ote_graph_launch(executable, stream);
  }

  @Override
  public int destroyExecutable(long executable) {
    return Emulator.ote_graph_executable_destroy(executable);
  }

  @Override
  public long blasWorkspace() {
    return 1;
  }

  /** The handle is the stream. */
  @Override
  public int createBlas(long stream, long workspace, long bytes, long[] handle) {
    handle[0] = stream;
    return OK;
  }

  @Override
  public int destroyBlas(long handle) {
    return OK;
  }

  /** Row-major products are column-major ones of the transposes, in the other order. */
  @Override
  public int multiply(long handle, Product p) {
    return Emulator.ote_gemm(
        handle,
        p.rightTransposed() ? 1 : 0,
        p.leftTransposed() ? 1 : 0,
        p.columns(),
        p.rows(),
        p.depth(),
        p.alpha(),
        p.right(),
        p.rightPitch(),
        p.rightStride(),
        p.left(),
        p.leftPitch(),
        p.leftStride(),
        p.beta(),
        p.target(),
        p.targetPitch(),
        p.targetStride(),
        p.count());
  }
}
