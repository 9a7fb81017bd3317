package org.otfuse.cuda;

import java.nio.charset.StandardCharsets;
import org.bytedeco.cuda.cublas.cublasContext;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUmemPoolHandle_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.cudart.cudaMemPoolProps;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.otfuse.BackendChoice;

/** The real thing: JavaCPP's presets of the CUDA runtime and cuBLAS. */
final class PresetDriver implements Driver {
  /** Added to a status of cuBLAS, whose numbers overlap those of CUDA. */
  private static final int BLAS = 1 << 20;

  /** As much as cuBLAS recommends for devices of capability 9.0. */
  private static final long BLAS_WORKSPACE = 32L << 20;

  private static final int VERSION_MAJOR = 1000;
  private static final int VERSION_MINOR = 10;
  private static final int NAME_LENGTH = 256;

  @Override
  public String errorName(int status) {
    return status >= BLAS
        ? cublas.cublasGetStatusName(status - BLAS).getString()
        : cudart.cudaGetErrorName(status).getString();
  }

  @Override
  public String backendName() {
    return BackendChoice.CUDA.label();
  }

  @Override
  public String description() {
    int[] runtime = new int[1];
    int[] driver = new int[1];
    cudart.cudaRuntimeGetVersion(runtime);
    cudart.cudaDriverGetVersion(driver);
    return "CUDA " + version(runtime[0]) + ", driver for CUDA " + version(driver[0]);
  }

  /** As people write it, for example 13.0 for 13000. */
  static String version(int number) {
    return number / VERSION_MAJOR + "." + number % VERSION_MAJOR / VERSION_MINOR;
  }

  /** CUDA repeats its last error to whoever asks next; nobody shall take it for his own. */
  private static int status(int status) {
    if (status != OK) {
      cudart.cudaGetLastError();
    }
    return status;
  }

  /** An error of CUDA underneath says more than what cuBLAS makes of it. */
  private static int blasStatus(int status) {
    if (status == OK) {
      return OK;
    }
    int cause = cudart.cudaGetLastError();
    return cause != OK ? cause : BLAS + status;
  }

  private static int handle(int status, Pointer handle, long[] result) {
    result[0] = handle.address();
    return status(status);
  }

  private static CUstream_st stream(long stream) {
    return new CUstream_st(new Address(stream));
  }

  private static CUevent_st event(long event) {
    return new CUevent_st(new Address(event));
  }

  private static cublasContext blas(long handle) {
    return new cublasContext(new Address(handle));
  }

  @Override
  public int driverVersion(int[] version) {
    return status(cudart.cudaDriverGetVersion(version));
  }

  @Override
  public int deviceCount(int[] count) {
    return status(cudart.cudaGetDeviceCount(count));
  }

  @Override
  public int deviceName(int device, String[] name) {
    byte[] text = new byte[NAME_LENGTH];
    int status = cudart.cuDeviceGetName(text, text.length, device);
    name[0] = status == OK ? new String(text, StandardCharsets.UTF_8).split("\0")[0] : "";
    return status;
  }

  @Override
  public int attribute(Attribute attribute, int device, int[] value) {
    return status(cudart.cudaDeviceGetAttribute(value, attribute.number(), device));
  }

  @Override
  public int selectDevice(int device) {
    return status(cudart.cudaSetDevice(device));
  }

  private static CUmemPoolHandle_st pool(long pool) {
    return new CUmemPoolHandle_st(new Address(pool));
  }

  @Override
  public int createPool(int device, long[] pool) {
    CUmemPoolHandle_st handle = new CUmemPoolHandle_st();
    int status;
    try (cudaMemPoolProps properties = new cudaMemPoolProps()) {
      Pointer.memset(properties, 0, properties.sizeof());
      properties.allocType(cudart.cudaMemAllocationTypePinned);
      properties.location().type(cudart.cudaMemLocationTypeDevice).id(device);
      status = handle(cudart.cudaMemPoolCreate(handle, properties), handle, pool);
    }
    if (status != OK) {
      return status;
    }
    try (LongPointer everything = new LongPointer(new long[] {-1})) {
      status =
          status(
              cudart.cudaMemPoolSetAttribute(
                  handle, cudart.cudaMemPoolAttrReleaseThreshold, everything));
    }
    if (status != OK) {
      cudart.cudaMemPoolDestroy(handle);
    }
    return status;
  }

  @Override
  public int destroyPool(long pool) {
    return status(cudart.cudaMemPoolDestroy(pool(pool)));
  }

  @Override
  public int memory(long[] free, long[] total) {
    try (SizeTPointer available = new SizeTPointer(1);
        SizeTPointer all = new SizeTPointer(1)) {
      int status = status(cudart.cudaMemGetInfo(available, all));
      free[0] = available.get();
      total[0] = all.get();
      return status;
    }
  }

  @Override
  public int allocate(long bytes, long pool, long stream, long[] address) {
    Pointer memory = new Address(0);
    return handle(
        cudart.cudaMallocFromPoolAsync(memory, bytes, pool(pool), stream(stream)), memory, address);
  }

  @Override
  public int free(long address, long stream) {
    return status(cudart.cudaFreeAsync(new Address(address), stream(stream)));
  }

  @Override
  public int allocateHost(long bytes, long[] address) {
    Pointer memory = new Address(0);
    return handle(cudart.cudaMallocHost(memory, bytes), memory, address);
  }

  @Override
  public int freeHost(long address) {
    return status(cudart.cudaFreeHost(new Address(address)));
  }

  @Override
  public int upload(long target, long source, long bytes, long stream) {
    return copy(target, source, bytes, cudart.cudaMemcpyHostToDevice, stream);
  }

  @Override
  public int download(long target, long source, long bytes, long stream) {
    return copy(target, source, bytes, cudart.cudaMemcpyDeviceToHost, stream);
  }

  private static int copy(long target, long source, long bytes, int kind, long stream) {
    return status(
        cudart.cudaMemcpyAsync(
            new Address(target), new Address(source), bytes, kind, stream(stream)));
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
    return status(
        cudart.cudaMemcpy2DAsync(
            new Address(target),
            targetPitch,
            new Address(source),
            sourcePitch,
            width,
            rows,
            cudart.cudaMemcpyDeviceToDevice,
            stream(stream)));
  }

  @Override
  public int createStream(long[] stream) {
    CUstream_st handle = new CUstream_st();
    return handle(
        cudart.cudaStreamCreateWithFlags(handle, cudart.cudaStreamNonBlocking), handle, stream);
  }

  @Override
  public int destroyStream(long stream) {
    return status(cudart.cudaStreamDestroy(stream(stream)));
  }

  @Override
  public int synchronize(long stream) {
    return status(cudart.cudaStreamSynchronize(stream(stream)));
  }

  @Override
  public int createEvent(long[] event) {
    CUevent_st handle = new CUevent_st();
    return handle(
        cudart.cudaEventCreateWithFlags(handle, cudart.cudaEventDisableTiming), handle, event);
  }

  @Override
  public int destroyEvent(long event) {
    return status(cudart.cudaEventDestroy(event(event)));
  }

  @Override
  public int record(long event, long stream) {
    return status(cudart.cudaEventRecord(event(event), stream(stream)));
  }

  @Override
  public int waitFor(long stream, long event) {
    return status(cudart.cudaStreamWaitEvent(stream(stream), event(event)));
  }

  @Override
  public int synchronizeEvent(long event) {
    return status(cudart.cudaEventSynchronize(event(event)));
  }

  @Override
  public int beginCapture(long stream) {
    return status(
        cudart.cudaStreamBeginCapture(stream(stream), cudart.cudaStreamCaptureModeThreadLocal));
  }

  @Override
  public int endCapture(long stream, long[] graph) {
    CUgraph_st handle = new CUgraph_st();
    return handle(cudart.cudaStreamEndCapture(stream(stream), handle), handle, graph);
  }

  @Override
  public int destroyGraph(long graph) {
    return status(cudart.cudaGraphDestroy(new CUgraph_st(new Address(graph))));
  }

  @Override
  public int instantiate(long graph, long[] executable) {
    CUgraphExec_st handle = new CUgraphExec_st();
    return handle(
        cudart.cudaGraphInstantiate(handle, new CUgraph_st(new Address(graph))),
        handle,
        executable);
  }

  @Override
  public int launch(long executable, long stream) {
    return status(
        cudart.cudaGraphLaunch(new CUgraphExec_st(new Address(executable)), stream(stream)));
  }

  @Override
  public int destroyExecutable(long executable) {
    return status(cudart.cudaGraphExecDestroy(new CUgraphExec_st(new Address(executable))));
  }

  @Override
  public long blasWorkspace() {
    return BLAS_WORKSPACE;
  }

  @Override
  public int createBlas(long stream, long workspace, long bytes, long[] handle) {
    cublasContext blas = new cublasContext();
    int status = cublas.cublasCreate_v2(blas);
    if (status != OK) {
      return blasStatus(status);
    }
    handle[0] = blas.address();
    status = cublas.cublasSetStream_v2(blas, stream(stream));
    if (status == OK) {
      status = cublas.cublasSetWorkspace_v2(blas, new Address(workspace), bytes);
    }
    if (status == OK) {
      status = cublas.cublasSetMathMode(blas, cublas.CUBLAS_PEDANTIC_MATH);
    }
    if (status == OK) {
      status = cublas.cublasSetAtomicsMode(blas, cublas.CUBLAS_ATOMICS_NOT_ALLOWED);
    }
    if (status != OK) {
      cublas.cublasDestroy_v2(blas);
    }
    return blasStatus(status);
  }

  @Override
  public int destroyBlas(long handle) {
    return blasStatus(cublas.cublasDestroy_v2(blas(handle)));
  }

  /** Row-major products are column-major ones of the transposes, in the other order. */
  @Override
  public int multiply(long handle, Product p) {
    try (FloatPointer alpha = new FloatPointer(new float[] {p.alpha()});
        FloatPointer beta = new FloatPointer(new float[] {p.beta()})) {
      return blasStatus(
          cublas.cublasSgemmStridedBatched(
              blas(handle),
              p.rightTransposed() ? cublas.CUBLAS_OP_T : cublas.CUBLAS_OP_N,
              p.leftTransposed() ? cublas.CUBLAS_OP_T : cublas.CUBLAS_OP_N,
              p.columns(),
              p.rows(),
              p.depth(),
              alpha,
              Address.floats(p.right()),
              p.rightPitch(),
              p.rightStride(),
              Address.floats(p.left()),
              p.leftPitch(),
              p.leftStride(),
              beta,
              Address.floats(p.target()),
              p.targetPitch(),
              p.targetStride(),
              p.count()));
    }
  }
}
