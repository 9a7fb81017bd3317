// Mistakes with barriers of a block.
#include "broken.h"

namespace broken {
namespace {

__global__ void missing_barrier(const float* values, float* turned, bool fixed) {
  __shared__ float tile[64];
  tile[threadIdx.x] = values[threadIdx.x];
  if (fixed) __syncthreads();
  turned[threadIdx.x] = tile[63 - threadIdx.x];
}

// The second barrier of a loop, between the last read of a tile and its next use.
__global__ void barrier_missing_in_loop(const float* values, float* sums, bool fixed) {
  __shared__ float tile[64];
  float sum = 0;
  for (int round = 0; round < 3; round++) {
    tile[threadIdx.x] = values[threadIdx.x] + static_cast<float>(round);
    __syncthreads();
    sum += tile[(threadIdx.x + 17) % 64];
    if (fixed) __syncthreads();
  }
  sums[threadIdx.x] = sum;
}

__global__ void racing_reduction(const float* values, float* sum, bool fixed) {
  __shared__ float partial[64];
  partial[threadIdx.x] = values[threadIdx.x];
  __syncthreads();
  for (int half = 32; half > 0; half /= 2) {
    if (threadIdx.x < static_cast<unsigned>(half))
      partial[threadIdx.x] += partial[threadIdx.x + half];
    if (fixed) __syncthreads();
  }
  if (threadIdx.x == 0) *sum = partial[0];
}

__global__ void racing_sum(const float* values, float* sum, bool fixed) {
  if (threadIdx.x == 0) *sum = 0;
  __syncthreads();
  if (fixed) {
    for (int i = 0; i < 64 && threadIdx.x == 0; i++) *sum += values[i];
  } else {
    *sum = *sum * 0.5f + values[threadIdx.x];
  }
}

// Several threads may write the same value without an order, but not different ones.
__global__ void different_values(const float* values, float* some, bool fixed) {
  if (values[threadIdx.x] > 2) some[0] = fixed ? 7 : static_cast<float>(threadIdx.x);
}

__global__ void divergent_barrier(const float* values, float* turned, bool fixed) {
  __shared__ float tile[64];
  tile[threadIdx.x] = values[threadIdx.x];
  if (fixed) {
    __syncthreads();
  } else if (threadIdx.x < 32) {
    __syncthreads();
  } else {
    __syncthreads();
  }
  turned[threadIdx.x] = tile[63 - threadIdx.x];
}

// A lane waits for another in a shuffle, which waits for it at a barrier.
__global__ void barrier_waits_for_a_shuffle(float* out, bool fixed) {
  float value = static_cast<float>(threadIdx.x);
  if (!fixed && threadIdx.x == 31) value = __shfl_sync(0x80000001u, value, 0);
  __syncthreads();
  out[threadIdx.x] = value;
}

Floats run_64(void (*kernel)(const float*, float*, bool), bool fixed) {
  const Array in(counting(64)), out(Floats(64));
  start(kernel, 1, 64, 0, false, in, out, fixed);
  return out.read();
}

}  // namespace

std::vector<Case> barrier_cases() {
  return {
      {"a_missing_barrier", differs, "reads shared memory",
       [](bool fixed) { return run_64(missing_barrier, fixed); }},
      {"a_barrier_missing_in_a_loop", differs, "data race",
       [](bool fixed) { return run_64(barrier_missing_in_loop, fixed); }},
      {"a_racing_reduction", differs, "data race",
       [](bool fixed) { return run_64(racing_reduction, fixed); }},
      {"a_racing_sum", differs, "data race", [](bool fixed) { return run_64(racing_sum, fixed); }},
      {"different_values_in_one_place", differs, "data race",
       [](bool fixed) { return run_64(different_values, fixed); }},
      {"a_divergent_barrier", "divergent barrier", "divergent barrier",
       [](bool fixed) { return run_64(divergent_barrier, fixed); }},
      {"a_barrier_that_waits_for_a_shuffle", "deadlock", "deadlock",
       [](bool fixed) {
         const Array out(32);
         start(barrier_waits_for_a_shuffle, 1, 32, 0, false, out, fixed);
         return out.read();
       }},
  };
}

}  // namespace broken
