package org.otfuse.cuda;

import java.net.URL;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.annotation.Cast;
import org.bytedeco.javacpp.annotation.Platform;

/**
 * The functions of {@code otfuse_emulator.h}, see there. Loading this loads the library that holds
 * the emulator and the kernels compiled for it, in place of the real one.
 */
@Platform(include = "otfuse_emulator.h", library = "jniotfusecuda-0.1.0")
final class Emulator {
  static {
    URL library =
        Emulator.class.getResource("emulated/" + System.mapLibraryName("jniotfuseemulated"));
    CudaLibrary.load(library);
  }

  private Emulator() {}

  /** Loads the library if it is not loaded yet. */
  static void load() {}

  static native @Cast("int64_t") long ote_reset(@Cast("const ote_device*") Pointer device);

  static native void ote_seed(@Cast("uint64_t") long seed);

  static native void ote_poison(@Cast("uint32_t") int word);

  static native int ote_reports();

  static native @Cast("const char*") BytePointer ote_report(int index);

  static native void ote_forget();

  static native @Cast("int64_t") long ote_live();

  static native @Cast("int64_t") long ote_kernels();

  static native int ote_device_count(int[] count);

  static native int ote_device_attribute(int[] value, int attribute);

  static native int ote_memory_info(
      @Cast("size_t*") long[] available, @Cast("size_t*") long[] total);

  static native @Cast("const char*") BytePointer ote_error_name(int error);

  static native int ote_pool_create(@Cast("void**") long[] pool);

  static native int ote_pool_destroy(@Cast("void*") long pool);

  static native int ote_malloc_from_pool_async(
      @Cast("void**") long[] address,
      @Cast("size_t") long bytes,
      @Cast("void*") long pool,
      @Cast("void*") long stream);

  static native int ote_free_async(@Cast("void*") long address, @Cast("void*") long stream);

  static native int ote_host_alloc(@Cast("void**") long[] address, @Cast("size_t") long bytes);

  static native int ote_host_free(@Cast("void*") long address);

  static native int ote_copy_async(
      @Cast("void*") long target,
      @Cast("const void*") long source,
      @Cast("size_t") long bytes,
      int kind,
      @Cast("void*") long stream);

  static native int ote_stream_create(@Cast("void**") long[] stream);

  static native int ote_stream_destroy(@Cast("void*") long stream);

  static native int ote_stream_synchronize(@Cast("void*") long stream);

  static native int ote_stream_wait_event(@Cast("void*") long stream, @Cast("void*") long event);

  static native int ote_event_create(@Cast("void**") long[] event);

  static native int ote_event_destroy(@Cast("void*") long event);

  static native int ote_event_record(@Cast("void*") long event, @Cast("void*") long stream);

  static native int ote_event_synchronize(@Cast("void*") long event);

  static native int ote_capture_begin(@Cast("void*") long stream);

  static native int ote_capture_end(@Cast("void*") long stream, @Cast("void**") long[] graph);

  static native int ote_graph_destroy(@Cast("void*") long graph);

  static native int ote_graph_instantiate(
      @Cast("void**") long[] executable, @Cast("void*") long graph);

  static native int ote_graph_launch(@Cast("void*") long executable, @Cast("void*") long stream);

  static native int ote_graph_executable_destroy(@Cast("void*") long executable);

  static native int ote_gemm(
      @Cast("void*") long stream,
      int transposeA,
      int transposeB,
      int m,
      int n,
      int k,
      float alpha,
      @Cast("const float*") long a,
      int lda,
      @Cast("int64_t") long strideA,
      @Cast("const float*") long b,
      int ldb,
      @Cast("int64_t") long strideB,
      float beta,
      @Cast("float*") long c,
      int ldc,
      @Cast("int64_t") long strideC,
      int count);
}
