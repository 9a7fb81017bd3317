// BatchNormalization folded into the rows of a producer: gamma / sqrt(variance + epsilon) as a
// factor and what is left as one more feature. Depends on nothing but the weights, so that one
// launch serves all models and steps of a fusion. Bytes: 20 read and 8 written for each neuron; in
// double, of which even the slowest device has enough for this.
#include "launch.cuh"

namespace otc {
namespace {

constexpr int kThreads = 128;

__global__ void __launch_bounds__(kThreads)
    normalization_kernel(const otc_normalization_task* tasks, int count, int64_t tiles) {
  for (int64_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    const otc_normalization_task& task =
        tasks[find_task(tasks, count, &otc_normalization_task::first_tile, tile)];
    int i = static_cast<int>(tile - task.first_tile) * kThreads + static_cast<int>(threadIdx.x);
    if (i >= task.n) continue;
    double scale = task.gamma[i] / sqrt(task.variance[i] + task.epsilon);
    double bias = task.bias == nullptr ? 0 : task.bias[i];
    task.scale[i] = static_cast<float>(scale);
    task.shift[i] = static_cast<float>((bias - task.mean[i]) * scale + task.beta[i]);
  }
}

}  // namespace
}  // namespace otc

// -----------------------------------------------------------------------------------------------

namespace {

bool has_arrays(const otc_normalization_task& task) {
  const void* arrays[] = {task.gamma, task.beta, task.mean, task.variance, task.scale, task.shift};
  for (const void* array : arrays) {
    if (!otc::is_array(array, task.n)) return false;
  }
  return otc::is_size(task.n);
}

}  // namespace

int otc_normalization_prepare(otc_normalization_task* tasks, int32_t count, otc_launch* launch) {
  if (!otc::reset(tasks, count, launch)) return cudaErrorInvalidValue;
  for (int32_t t = 0; t < count; t++) {
    otc_normalization_task& task = tasks[t];
    if (!has_arrays(task)) return cudaErrorInvalidValue;
    task.first_tile = launch->tiles;
    otc::append(launch->tiles, otc::ceil_div<int64_t>(task.n, otc::kThreads));
  }
  return cudaSuccess;
}

int otc_normalization(const otc_normalization_task* tasks, const otc_launch* launch, void* stream) {
  if (!otc::usable(tasks, launch)) return cudaErrorInvalidValue;
  return otc::start(otc::normalization_kernel, launch->tiles, otc::kThreads, 0, stream, tasks,
                    launch->count, launch->tiles);
}
