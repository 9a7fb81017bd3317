// Mistakes with memory.
#include "broken.h"
#include "shared.cuh"

namespace broken {
namespace {

__global__ void past_dynamic_shared(float* out, bool fixed) {
  float* tile = static_cast<float*>(otc::dynamic_shared());
  tile[threadIdx.x + (fixed ? 0 : 1)] = 1;
  __syncthreads();
  out[threadIdx.x] = tile[threadIdx.x];
}

__global__ void past_static_shared(float* out, bool fixed) {
  __shared__ float tile[32];
  float* last = tile + (fixed ? 31 : 32);
  tile[threadIdx.x] = 1;
  __syncthreads();
  if (threadIdx.x == 0) *last = 2;
  __syncthreads();
  out[threadIdx.x] = tile[threadIdx.x];
}

__global__ void past_an_allocation(float* out, int length, bool fixed) {
  for (int i = threadIdx.x; i < length + (fixed ? 0 : 1); i += 32) out[i] = 1;
}

__global__ void unwritten_output(float* out, bool fixed) {
  if (fixed || threadIdx.x != 31) out[threadIdx.x] = 1;
}

__global__ void unwritten_shared(float* out, bool fixed) {
  __shared__ float tile[33];
  tile[threadIdx.x] = 1;
  if (fixed && threadIdx.x == 0) tile[32] = 1;
  __syncthreads();
  out[threadIdx.x] = tile[threadIdx.x + 1];
}

__global__ void copies(const float* from, float* to) { to[threadIdx.x] = from[threadIdx.x]; }

// A thread reads what it has written itself.
__global__ void read_only_after_own_write(float* values, bool fixed) {
  values[threadIdx.x] = 2;
  const float* mine = values + threadIdx.x;
  values[32 + threadIdx.x] = fixed ? *mine : __ldg(mine);
}

// A block reads what it writes later, after a barrier.
__global__ void read_only_before_a_write(float* values, bool fixed) {
  const float* other = values + 31 - threadIdx.x;
  const float value = fixed ? *other : __ldg(other);
  __syncthreads();
  values[threadIdx.x] = value;
}

// The words beside what is written may be read so: of four floats the last is.
__global__ void read_only_vector(float* values, bool fixed) {
  if (threadIdx.x == 0) values[fixed ? 4 : 3] = 1;
  __syncthreads();
  const float4 four = __ldg(reinterpret_cast<const float4*>(values));
  values[8 + threadIdx.x] = four.x + four.y;
}

__global__ void read_only_atomic(float* values, bool fixed) {
  int* counter = reinterpret_cast<int*>(values);
  if (threadIdx.x == 0) atomicAdd(counter, 1);
  __syncthreads();
  values[1 + threadIdx.x] = static_cast<float>(fixed ? *counter : __ldg(counter));
}

template <bool OptedIn>
__global__ void much_shared(float* out) {
  __shared__ float tile[5 * 1024];
  tile[threadIdx.x] = 1;
  out[threadIdx.x] = tile[threadIdx.x];
}

__global__ void misaligned(const float* in, float* out, bool fixed) {
  const float4 four = *reinterpret_cast<const float4*>(in + (fixed ? 4 : 1));
  out[threadIdx.x] = four.x + four.w;
}

Floats run(void (*kernel)(float*, bool), int shared, bool fixed) {
  const Array out(32);
  start(kernel, 1, 32, shared, false, out, fixed);
  return out.read();
}

}  // namespace

std::vector<Case> memory_cases() {
  return {
      {"one_past_dynamic_shared_memory", nullptr, "neither device memory nor shared",
       [](bool fixed) { return run(past_dynamic_shared, 32 * sizeof(float), fixed); }, true},
      {"one_past_a_shared_array", nullptr, "neither device memory nor shared",
       [](bool fixed) { return run(past_static_shared, 0, fixed); }, true},
      {"one_past_an_allocation", "past_an_allocation wrote beside",
       "neither device memory nor shared",
       [](bool fixed) {
         const Array out(33);
         start(past_an_allocation, 1, 32, 0, false, out, 33, fixed);
         return out.read();
       },
       true},
      {"an_output_that_is_not_written", differs, differs,
       [](bool fixed) { return run(unwritten_output, 0, fixed); }},
      {"shared_memory_that_is_not_written", differs, "before anything was written",
       [](bool fixed) { return run(unwritten_shared, 0, fixed); }},
      {"device_memory_that_is_not_written", differs, "before anything was written",
       [](bool fixed) {
         const Array in(32), out(32);
         if (fixed) ote_memset_async(in, 0, 32 * sizeof(float), nullptr);
         start(copies, 1, 32, 0, false, in, out);
         return out.read();
       }},
      {"a_host_address", nullptr, "neither device memory nor shared",
       [](bool fixed) {
         const Floats host = counting(32);
         const Array in(host), out(32);
         start(copies, 1, 32, 0, false, fixed ? in : host.data(), out);
         return out.read();
       }},
      {"memory_that_was_freed", differs, "neither device memory nor shared",
       [](bool fixed) {
         void* in = nullptr;
         const Array out(32);
         ote_malloc(&in, 32 * sizeof(float));
         ote_memset_async(in, 0, 32 * sizeof(float), nullptr);
         if (!fixed) ote_free(in);
         start(copies, 1, 32, 0, false, static_cast<float*>(in), out);
         if (fixed) ote_free(in);
         return out.read();
       },
       true},
      {"more_shared_memory_than_was_asked_for", "bytes of shared memory", "bytes of shared memory",
       [](bool fixed) {
         const Array out(32);
         const int shared = 30 * 1024;
         if (fixed) {
           cudaFuncSetAttribute(much_shared<true>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                shared);
         }
         start(fixed ? much_shared<true> : much_shared<false>, 1, 32, shared, false, out);
         return out.read();
       }},
      {"a_read_only_load_of_what_the_thread_wrote", nullptr, "through the read-only path",
       [](bool fixed) {
         const Array values(64);
         start(read_only_after_own_write, 1, 32, 0, false, values, fixed);
         return values.read();
       }},
      {"a_read_only_load_of_what_is_written_later", nullptr, "through the read-only path",
       [](bool fixed) {
         const Array values(counting(32));
         start(read_only_before_a_write, 1, 32, 0, false, values, fixed);
         return values.read();
       }},
      {"a_read_only_vector_of_which_a_part_is_written", nullptr, "through the read-only path",
       [](bool fixed) {
         const Array values(counting(40));
         start(read_only_vector, 1, 32, 0, false, values, fixed);
         return values.read();
       }},
      {"a_read_only_load_of_a_counter", nullptr, "through the read-only path",
       [](bool fixed) {
         const Array values(Floats(33));
         start(read_only_atomic, 1, 32, 0, false, values, fixed);
         return values.read();
       }},
      {"a_misaligned_vector", nullptr, nullptr,
       [](bool fixed) {
         const Array in(counting(8)), out(32);
         start(misaligned, 1, 32, 0, false, in, out, fixed);
         return out.read();
       },
       true},
  };
}

}  // namespace broken
