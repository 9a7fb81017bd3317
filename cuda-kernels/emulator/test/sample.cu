// Kernels that use all of what the emulator has, correctly.
#include <cuda_runtime.h>

#include "sample.h"
#include "shared.cuh"

namespace {

template <int Threads>
__global__ void __launch_bounds__(Threads)
    sums_kernel(const float* values, float* sums, int length) {
  __shared__ float partial[Threads / 32];
  float sum = 0;
  for (int i = threadIdx.x; i < length; i += Threads) sum += values[blockIdx.x * length + i];
#pragma unroll
  for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, offset);
  if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x < 32) {
    sum = threadIdx.x < Threads / 32 ? partial[threadIdx.x] : 0;
    for (int offset = 16; offset > 0; offset /= 2)
      sum += __shfl_down_sync(0xffffffffu, sum, offset);
    if (threadIdx.x == 0) sums[blockIdx.x] = sum;
  }
}

// Reverses each block's part through dynamic shared memory.
__global__ void reverse_kernel(const float* values, float* reversed) {
  float* tile = static_cast<float*>(otc::dynamic_shared());
  const int first = blockIdx.x * blockDim.x;
  tile[threadIdx.x] = values[first + threadIdx.x];
  __syncthreads();
  reversed[first + threadIdx.x] = tile[blockDim.x - 1 - threadIdx.x];
}

__device__ void grid_barrier(unsigned* arrived, unsigned goal) {
  __syncthreads();
  if (threadIdx.x == 0) {
    __threadfence();
    atomicAdd(arrived, 1u);
    while (atomicAdd(arrived, 0u) < goal) __nanosleep(100);
    __threadfence();
  }
  __syncthreads();
}

// After each round every block holds the sum of what all blocks held before.
__global__ void exchange_kernel(float* held, unsigned* arrived, int rounds) {
  float* now = held;
  float* then = held + gridDim.x;
  for (int round = 0; round < rounds; round++) {
    if (threadIdx.x == 0) {
      float sum = 0;
      for (unsigned i = 0; i < gridDim.x; i++) sum += __ldcg(now + i);
      then[blockIdx.x] = sum;
    }
    grid_barrier(arrived, gridDim.x * (round + 1));
    float* swap = now;
    now = then;
    then = swap;
  }
}

}  // namespace

// ------------------------------------------------------------------------------------------------

int sample_sums(const float* values, float* sums, int count, int length, void* stream) {
  cudaLaunchConfig_t config{};
  config.gridDim = count;
  config.blockDim = 128;
  config.stream = static_cast<cudaStream_t>(stream);
  return cudaLaunchKernelEx(&config, sums_kernel<128>, values, sums, length);
}

int sample_reverse(const float* values, float* reversed, int blocks, int threads, void* stream) {
  cudaLaunchConfig_t config{};
  config.gridDim = blocks;
  config.blockDim = threads;
  config.dynamicSmemBytes = threads * sizeof(float);
  config.stream = static_cast<cudaStream_t>(stream);
  return cudaLaunchKernelEx(&config, reverse_kernel, values, reversed);
}

int sample_exchange(float* held, unsigned* arrived, int blocks, int rounds, void* stream) {
  cudaLaunchAttribute attribute{};
  attribute.id = cudaLaunchAttributeCooperative;
  attribute.val.cooperative = 1;
  cudaLaunchConfig_t config{};
  config.gridDim = blocks;
  config.blockDim = 64;
  config.stream = static_cast<cudaStream_t>(stream);
  config.attrs = &attribute;
  config.numAttrs = 1;
  return cudaLaunchKernelEx(&config, exchange_kernel, held, arrived, rounds);
}
