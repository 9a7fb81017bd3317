/*
 * otfuse_emulator.h: the emulated device, for a program that would call the CUDA runtime and cuBLAS.
 *
 * Every function behaves as the CUDA function of that name (ote_malloc_async as cudaMallocAsync) and
 * returns its cudaError_t as int, 0 where all is well, unless said otherwise. One device. Functions
 * may be called from any thread; work runs inside of these calls, on the calling thread.
 *
 * Work on a stream runs in order, but when it runs, and what runs first among streams, is open: the
 * seed decides. With order 0 all work runs as it is enqueued, with order 1 nothing runs before a
 * synchronisation asks for it, with the others a random part of it does. So what is used without
 * waiting for it shows. The null stream waits for all others and runs its work at once.
 *
 * After a kernel has been stopped every call returns cudaErrorLaunchFailure until ote_reset.
 */
#ifndef OTFUSE_EMULATOR_H
#define OTFUSE_EMULATOR_H

#include <stddef.h>
#include <stdint.h>

#define OTE_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/* ---- control ----------------------------------------------------------------------------------*/

/* What the emulated device is like. */
typedef struct ote_device {
  int64_t memory;                    /* bytes; more gives cudaErrorMemoryAllocation */
  int32_t devices;                   /* 0 or 1 */
  int32_t multiprocessors;
  int32_t shared_per_block;          /* bytes, opt-in maximum */
  int32_t shared_per_multiprocessor; /* bytes */
  int32_t major;                     /* compute capability */
  int32_t minor;
  int32_t threads_per_multiprocessor; /* at once; fewer stand for kernels with many registers */
} ote_device;

/* At first: 1 GiB, 4 multiprocessors, 227 KiB and 228 KiB of shared memory, 9.0, 2048 threads. */
OTE_API void ote_device_default(ote_device* device);

/* Frees all memory, streams, events and graphs, forgets errors and findings, and starts over with
 * this device (null: as it was). Returns how many of them were still there. */
OTE_API int64_t ote_reset(const ote_device* device);

/* Takes every decision that hardware leaves open from `seed`: seed % 5 is the order of threads
 * (forward, backward, shuffled in a warp, mixed, preempted), the rest feeds the random numbers. */
OTE_API void ote_seed(uint64_t seed);

/* What fresh memory, device and shared, is filled with: this word again and again. At first
 * 0xffffffff, which is not-a-number as a float and -1 as an int. */
OTE_API void ote_poison(uint32_t word);

/* How many findings there are, and their text, valid until the next ote_forget or ote_reset. */
OTE_API int ote_reports(void);
OTE_API const char* ote_report(int index);
OTE_API void ote_forget(void);

/* Allocations, host allocations, pools, streams, events, graphs and executable graphs that are there. */
OTE_API int64_t ote_live(void);

/* Kernels that have run since the last ote_reset, those of graphs included. */
OTE_API int64_t ote_kernels(void);

/* ---- device -----------------------------------------------------------------------------------*/

OTE_API int ote_device_count(int* count);
/* By the numbers of cudaDeviceAttr; those of otc_device, the compute capability, cooperative launch
 * and memory pools are known. */
OTE_API int ote_device_attribute(int* value, int attribute);
OTE_API int ote_memory_info(size_t* available, size_t* total);
OTE_API int ote_device_synchronize(void);
OTE_API int ote_last_error(void);
OTE_API const char* ote_error_name(int error);

/* ---- memory -----------------------------------------------------------------------------------*/

OTE_API int ote_malloc(void** address, size_t bytes);
OTE_API int ote_free(void* address);
OTE_API int ote_malloc_async(void** address, size_t bytes, void* stream);
/* Pools of device memory. What is freed stays with its pool, so that others cannot have it, until
 * the pool is destroyed and all that was taken from it is freed. */
OTE_API int ote_pool_create(void** pool);
OTE_API int ote_pool_destroy(void* pool);
OTE_API int ote_malloc_from_pool_async(void** address, size_t bytes, void* pool, void* stream);
OTE_API int ote_free_async(void* address, void* stream);
/* Page-locked host memory. */
OTE_API int ote_host_alloc(void** address, size_t bytes);
OTE_API int ote_host_free(void* address);

/* `kind` as cudaMemcpyKind: 1 host to device, 2 device to host, 3 device to device, 4 by the
 * addresses. A copy from host memory that is not page-locked has read it when this returns; a copy
 * to such memory has been done. */
OTE_API int ote_copy_async(void* target, const void* source, size_t bytes, int kind, void* stream);
OTE_API int ote_memset_async(void* target, int byte, size_t bytes, void* stream);

/* ---- streams and events -----------------------------------------------------------------------*/

OTE_API int ote_stream_create(void** stream);
OTE_API int ote_stream_destroy(void* stream);
OTE_API int ote_stream_synchronize(void* stream);
OTE_API int ote_stream_query(void* stream);
OTE_API int ote_stream_wait_event(void* stream, void* event);
/* Runs `function(data)` in the stream's order. */
OTE_API int ote_launch_host_function(void* stream, void (*function)(void*), void* data);

OTE_API int ote_event_create(void** event);
OTE_API int ote_event_destroy(void* event);
OTE_API int ote_event_record(void* event, void* stream);
OTE_API int ote_event_synchronize(void* event);
OTE_API int ote_event_query(void* event);

/* ---- graphs -----------------------------------------------------------------------------------*/

OTE_API int ote_capture_begin(void* stream);
OTE_API int ote_capture_end(void* stream, void** graph);
OTE_API int ote_graph_destroy(void* graph);
OTE_API int ote_graph_instantiate(void** executable, void* graph);
OTE_API int ote_graph_launch(void* executable, void* stream);
OTE_API int ote_graph_executable_destroy(void* executable);

/* ---- cuBLAS -----------------------------------------------------------------------------------*/

/* cublasSgemmStridedBatched: c = alpha op(a) op(b) + beta c for `count` matrices, column-major,
 * c [m,n]; transpose_a, transpose_b are 0 or 1; strides count floats. Sums in double precision. */
OTE_API int ote_gemm(void* stream, int transpose_a, int transpose_b, int m, int n, int k, float alpha,
                     const float* a, int lda, int64_t stride_a, const float* b, int ldb, int64_t stride_b,
                     float beta, float* c, int ldc, int64_t stride_c, int count);

#ifdef __cplusplus
}
#endif

#endif
