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

// Workspaces are cut at multiples of this many bytes. Emulated builds leave no gaps that a kernel
// could write to unseen.
#ifndef OTC_ALIGNMENT
#define OTC_ALIGNMENT 256
#endif
constexpr int64_t kAlignment = OTC_ALIGNMENT;

constexpr int64_t aligned(int64_t bytes) { return ceil_div(bytes, kAlignment) * kAlignment; }

// ---- what prepare refuses: sizes that are none, whatever they are multiplied with -------------

// More values than any device holds, so that bytes and tiles of an array stay in int64's range.
constexpr int64_t kMostValues = int64_t{1} << 48;
// Of workspaces, and of all tiles of a batch.
constexpr int64_t kMostBytes = int64_t{1} << 62;

// Sizes that kernels can round up to whole tiles in an int.
constexpr int32_t kMostSize = 1 << 30;

inline bool is_size(int32_t size) { return size >= 0 && size <= kMostSize; }

// x * y of sizes; negative where one of them is, or where the product is no size.
inline int64_t product(int64_t x, int64_t y) {
  int64_t result = 0;
  if (x < 0 || y < 0 || __builtin_mul_overflow(x, y, &result)) return -1;
  return result <= kMostValues ? result : -1;
}

// Whether so many values can lie there.
inline bool is_array(const void* address, int64_t count) {
  return count >= 0 && count <= kMostValues && (count == 0 || address != nullptr);
}

// Adds what a task needs to what those before it need, unless that is too much.
inline bool append(int64_t& all, int64_t more) {
  if (more < 0 || more > kMostBytes - all) return false;
  all += more;
  return true;
}

// The same for tiles that kernels count in an int within the task.
inline bool append_tiles(int64_t& all, int64_t down, int64_t across = 1) {
  int64_t tiles = product(down, across);
  return tiles <= INT32_MAX && append(all, tiles);
}

// Starts the description of a launch; false where there is nothing to describe it from.
inline bool reset(const void* tasks, int32_t count, otc_launch* launch) {
  if (launch == nullptr || count < 0 || (count > 0 && tasks == nullptr)) return false;
  *launch = {};
  launch->count = count;
  return true;
}

// Whether a launcher was given what the launch needs.
inline bool usable(const void* tasks, const otc_launch* launch) {
  return launch != nullptr && (launch->count == 0 || tasks != nullptr);
}

inline bool usable(const void* tasks, const otc_launch* launch, const void* workspace) {
  return usable(tasks, launch) && (launch->workspace == 0 || workspace != nullptr);
}

// ------------------------------------------------------------------------------------------------

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
