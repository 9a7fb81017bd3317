// Looks through values before somebody relies on them: which is the first that is not a finite
// number or too small, and how large is the largest. Both are maxima of whole numbers, so that the
// order in which blocks come does not matter. Bytes: 4 a value, read once. One launch for any
// number of arrays, after one that resets what they say.
#include "launch.cuh"
#include "reduce.cuh"

namespace otc {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / kWarp;
constexpr int kTile = 16 * kThreads;
constexpr int kNone = INT32_MAX;
constexpr int kInfinity = 0x7f800000;  // as bits

struct Min {
  template <class T>
  __device__ __forceinline__ T operator()(T x, T y) const {
    return x < y ? x : y;
  }
};

__global__ void __launch_bounds__(kThreads)
    scan_reset(int count, otc_scan_report* reports) {
  int t = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  for (; t < count; t += static_cast<int>(gridDim.x * blockDim.x)) {
    reports[t].rest = 0;
    reports[t].largest = 0;
  }
}

__global__ void __launch_bounds__(kThreads) scan_values(const otc_scan_task* tasks, int count,
                                                        int64_t tiles, otc_scan_report* reports) {
  __shared__ int scratch[kWarps];
  for (int64_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    int t = find_task(tasks, count, &otc_scan_task::first_tile, tile);
    const otc_scan_task& task = tasks[t];
    int64_t begin = (tile - task.first_tile) * kTile;
    const float* values = task.values + begin;
    int length = static_cast<int>(task.length - begin < kTile ? task.length - begin : kTile);
    int first = kNone;
    int largest = 0;
    for (int i = static_cast<int>(threadIdx.x); i < length; i += kThreads) {
      float value = values[i];
      int size = __float_as_int(value) & INT32_MAX;
      largest = max(largest, size);
      bool taken = size < kInfinity && value >= task.least;
      if (!taken) first = min(first, i);
    }
    first = block_reduce<kWarps>(first, scratch, Min());
    largest = block_reduce<kWarps>(largest, scratch, Max());
    if (threadIdx.x != 0) continue;
    atomicMax(&reports[t].largest, largest);
    if (first != kNone) {
      atomicMax(reinterpret_cast<unsigned long long*>(&reports[t].rest),
                static_cast<unsigned long long>(task.length - begin - first));
    }
  }
}

}  // namespace
}  // namespace otc

// -----------------------------------------------------------------------------------------------

int otc_scan_prepare(otc_scan_task* tasks, int32_t count, otc_launch* launch) {
  if (!otc::reset(tasks, count, launch)) return cudaErrorInvalidValue;
  for (int32_t t = 0; t < count; t++) {
    otc_scan_task& task = tasks[t];
    if (!otc::is_array(task.values, task.length)) return cudaErrorInvalidValue;
    task.first_tile = launch->tiles;
    if (!otc::append(launch->tiles, otc::ceil_div<int64_t>(task.length, otc::kTile))) {
      return cudaErrorInvalidValue;
    }
  }
  return cudaSuccess;
}

int otc_scan(const otc_scan_task* tasks, otc_scan_report* reports, const otc_launch* launch,
             void* stream) {
  if (!otc::usable(tasks, launch) || (launch->count > 0 && reports == nullptr)) {
    return cudaErrorInvalidValue;
  }
  int error = otc::start(otc::scan_reset, otc::ceil_div(launch->count, otc::kThreads),
                         otc::kThreads, 0, stream, launch->count, reports);
  if (error != cudaSuccess) return error;
  return otc::start(otc::scan_values, launch->tiles, otc::kThreads, 0, stream, tasks, launch->count,
                    launch->tiles, reports);
}
