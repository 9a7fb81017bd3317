// What all launchers share: laying the tiles of a ragged batch out one after the other, finding a
// tile's task again on the device, and starting a kernel on a stream.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "otfuse_cuda.h"

namespace otc {

// More blocks than any device runs at once; beyond that blocks take several tiles. Emulated builds
// have few, so that theirs do in every test.
#ifndef OTC_MOST_BLOCKS
#define OTC_MOST_BLOCKS 4096
#endif
constexpr int64_t kMostBlocks = OTC_MOST_BLOCKS;

template <class T>
__host__ __device__ constexpr T ceil_div(T size, T unit) {
  return (size + unit - 1) / unit;
}

// Workspaces are cut at multiples of this many bytes.
constexpr int64_t kAlignment = 256;

constexpr int64_t aligned(int64_t bytes) { return ceil_div(bytes, kAlignment) * kAlignment; }

// The task that a tile belongs to: the last one that starts at or before it. `first_tile` points to
// the member that says where a task starts; tasks without tiles are passed over.
template <class Task>
__device__ __forceinline__ int find_task(const Task* tasks, int count, int64_t Task::*first_tile,
                                         int64_t tile) {
  int low = 0;
  int high = count;  // the task is in [low, high)
  while (high - low > 1) {
    int middle = (low + high) / 2;
    if (tasks[middle].*first_tile <= tile) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

// Starts `kernel` with one block a tile, at most kMostBlocks; nothing where there are no tiles.
template <class... Parameters, class... Arguments>
int start(void (*kernel)(Parameters...), int64_t tiles, int threads, int shared, void* stream,
          Arguments... arguments) {
  if (tiles == 0) return cudaSuccess;
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(static_cast<unsigned>(tiles < kMostBlocks ? tiles : kMostBlocks));
  config.blockDim = dim3(static_cast<unsigned>(threads));
  config.dynamicSmemBytes = static_cast<size_t>(shared);
  config.stream = static_cast<cudaStream_t>(stream);
  return cudaLaunchKernelEx(&config, kernel, arguments...);
}

}  // namespace otc
