// Mistakes in what the host enqueues.
#include <cstring>

#include "broken.h"

namespace broken {
namespace {

__global__ void twice(const float* from, float* to) { to[threadIdx.x] = 2 * from[threadIdx.x]; }

void start_on(void* stream, const float* from, float* to) {
  cudaLaunchConfig_t config{};
  config.gridDim = 1;
  config.blockDim = 32;
  config.stream = static_cast<cudaStream_t>(stream);
  cudaLaunchKernelEx(&config, twice, from, to);
}

class Stream {
 public:
  Stream() { ote_stream_create(&handle_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { ote_stream_destroy(handle_); }
  operator void*() const { return handle_; }

 private:
  void* handle_ = nullptr;
};

constexpr size_t bytes = 32 * sizeof(float);

// One stream makes what another uses.
Floats missing_event(bool fixed) {
  const Array in(counting(32)), middle(32), out(32);
  const Stream first, second;
  void* event = nullptr;
  ote_event_create(&event);
  start_on(first, in, middle);
  if (fixed) {
    ote_event_record(event, first);
    ote_stream_wait_event(second, event);
  }
  start_on(second, middle, out);
  ote_stream_synchronize(second);
  ote_event_destroy(event);
  return out.read();
}

// The host reads a result before it has waited for it.
Floats missing_wait(bool fixed) {
  const Array in(counting(32)), out(32);
  const Stream stream;
  void* pinned = nullptr;
  ote_host_alloc(&pinned, bytes);
  start_on(stream, in, out);
  ote_copy_async(pinned, out, bytes, 2, stream);
  if (fixed) ote_stream_synchronize(stream);
  Floats result(32);
  std::memcpy(result.data(), pinned, bytes);
  ote_stream_synchronize(stream);
  ote_host_free(pinned);
  return result;
}

// The host fills a staging buffer again while its copy may still be under way.
Floats staging_used_again(bool fixed) {
  const Array in(32), out(32);
  const Stream stream;
  void* pinned = nullptr;
  ote_host_alloc(&pinned, bytes);
  std::memcpy(pinned, counting(32).data(), bytes);
  ote_copy_async(in, pinned, bytes, 1, stream);
  start_on(stream, in, out);
  if (fixed) ote_stream_synchronize(stream);
  std::memset(pinned, 0, bytes);
  ote_stream_synchronize(stream);
  ote_host_free(pinned);
  return out.read();
}

// Memory goes back to the pool while another stream still uses it.
Floats freed_too_early(bool fixed) {
  const Array out(32);
  const Stream first, second;
  void* in = nullptr;
  ote_malloc_async(&in, bytes, first);
  ote_copy_async(in, counting(32).data(), bytes, 1, first);
  ote_stream_synchronize(first);
  start_on(second, static_cast<float*>(in), out);
  if (fixed) ote_stream_synchronize(second);
  ote_free_async(in, first);
  ote_stream_synchronize(first);
  ote_stream_synchronize(second);
  return out.read();
}

// Two branches of a graph, the second of which reads what the first writes.
Floats missing_edge(bool fixed) {
  const Array in(counting(32)), middle(32), out(32);
  const Stream origin, branch;
  void *fork = nullptr, *join = nullptr, *between = nullptr, *graph = nullptr,
       *executable = nullptr;
  for (void** event : {&fork, &join, &between}) ote_event_create(event);
  ote_capture_begin(origin);
  ote_event_record(fork, origin);
  ote_stream_wait_event(branch, fork);
  start_on(origin, in, middle);
  if (fixed) {
    ote_event_record(between, origin);
    ote_stream_wait_event(branch, between);
  }
  start_on(branch, middle, out);
  ote_event_record(join, branch);
  ote_stream_wait_event(origin, join);
  ote_capture_end(origin, &graph);
  ote_graph_instantiate(&executable, graph);
  ote_graph_launch(executable, origin);
  ote_stream_synchronize(origin);
  ote_graph_executable_destroy(executable);
  ote_graph_destroy(graph);
  for (void* event : {fork, join, between}) ote_event_destroy(event);
  return out.read();
}

}  // namespace

std::vector<Case> stream_cases() {
  return {
      {"a_missing_event_between_two_streams", differs, "before anything was written",
       missing_event},
      {"a_missing_wait_for_a_result", differs, differs, missing_wait},
      {"a_staging_buffer_used_again", differs, differs, staging_used_again},
      {"memory_freed_too_early", differs, "neither device memory nor shared", freed_too_early,
       true},
      {"a_missing_edge_of_a_graph", differs, "before anything was written", missing_edge},
  };
}

}  // namespace broken
