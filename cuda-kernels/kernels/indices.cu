// Maps of an axis to gather indices, so that features and averages follow one table an axis
// whatever its segments are. Bytes: 4 read for each neuron, 4 written for each index; a tenth of a
// percent of what the tensors cost that are read through them. One thread an index, one launch for
// all axes.
#include "launch.cuh"

namespace otc {
namespace {

constexpr int kThreads = 256;

__global__ void __launch_bounds__(kThreads)
    indices_kernel(const otc_index_task* tasks, int count, int64_t tiles) {
  for (int64_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    const otc_index_task& task = tasks[find_task(tasks, count, &otc_index_task::first_tile, tile)];
    int t = static_cast<int>(tile - task.first_tile) * kThreads + static_cast<int>(threadIdx.x);
    int j = t / task.block;
    if (j >= task.m) continue;
    int i = task.source == nullptr ? j : task.source[j];
    task.indices[task.first_target + t] = task.first_source + i * task.block + t - j * task.block;
  }
}

}  // namespace
}  // namespace otc

// -----------------------------------------------------------------------------------------------

int otc_indices_prepare(otc_index_task* tasks, int32_t count, otc_launch* launch) {
  if (!otc::reset(tasks, count, launch)) return cudaErrorInvalidValue;
  for (int32_t t = 0; t < count; t++) {
    otc_index_task& task = tasks[t];
    if (task.block < 1 || task.first_target < 0 || task.first_source < 0) {
      return cudaErrorInvalidValue;
    }
    int64_t length = otc::product(task.m, task.block);
    int64_t first = task.first_target > task.first_source ? task.first_target : task.first_source;
    if (!otc::is_array(task.indices, length) || first + length > INT32_MAX) {
      return cudaErrorInvalidValue;
    }
    task.first_tile = launch->tiles;
    otc::append(launch->tiles, otc::ceil_div<int64_t>(length, otc::kThreads));
  }
  return cudaSuccess;
}

int otc_indices(const otc_index_task* tasks, const otc_launch* launch, void* stream) {
  if (!otc::usable(tasks, launch)) return cudaErrorInvalidValue;
  return otc::start(otc::indices_kernel, launch->tiles, otc::kThreads, 0, stream, tasks,
                    launch->count, launch->tiles);
}
