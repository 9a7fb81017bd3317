// Marginals by importance (Singh and Jaggi 2020, section 4): the norm of each neuron's raw weights,
// normalised. A tile is 32 neurons. Where a neuron's weights lie in long runs a warp reads one run
// after the other; where neurons lie side by side each lane has one. Bytes: the producers' weights
// once. Two launches, because the total of the norms is needed before the first mass.
#include "launch.cuh"
#include "reduce.cuh"

namespace otc {
namespace {

constexpr int kWarps = 8;
constexpr int kThreads = kWarps * kWarp;
constexpr int kRows = kWarp;
constexpr double kFloor = 1e-9;  // least mass of a neuron before normalising

__device__ __forceinline__ void add(Compensated& sum, float value, int norm) {
  if (norm == OTC_L1) {
    sum.add(fabsf(value));
  } else {
    sum.add_square(value);
  }
}

// Adds up the producer's entries of rows first .. first + rows into sums, a warp for each row.
__device__ void add_runs(const otc_producer& producer, int first, int rows, int norm,
                         double* sums) {
  int lane = static_cast<int>(threadIdx.x) % kWarp;
  for (int r = static_cast<int>(threadIdx.x) / kWarp; r < rows; r += kWarps) {
    Compensated sum;
    for (int64_t o = 0; o < producer.outer; o++) {
      const float* run =
          producer.values + (o * producer.rows + producer.first_row + first + r) * producer.inner;
      for (int64_t q = lane; q < producer.inner; q += kWarp) add(sum, run[q], norm);
    }
    double total = warp_sum(sum.value());
    if (lane == 0) sums[r] += total;
  }
}

// The same with a lane for each row; warps share the outer axis.
__device__ void add_lanes(const otc_producer& producer, int first, int rows, int norm, double* sums,
                          double* parts) {
  int lane = static_cast<int>(threadIdx.x) % kWarp;
  int warp = static_cast<int>(threadIdx.x) / kWarp;
  Compensated sum;
  if (lane < rows) {
    for (int64_t o = warp; o < producer.outer; o += kWarps) {
      const float* run = producer.values +
                         (o * producer.rows + producer.first_row + first + lane) * producer.inner;
      for (int64_t q = 0; q < producer.inner; q++) add(sum, run[q], norm);
    }
  }
  parts[threadIdx.x] = sum.value();
  __syncthreads();
  if (warp == 0) {
    for (int w = 0; w < kWarps; w++) sums[lane] += parts[w * kWarp + lane];
  }
}

__global__ void __launch_bounds__(kThreads)
    importance_norms(const otc_importance_task* tasks, int count, int64_t tiles, char* workspace) {
  __shared__ double sums[kRows];
  __shared__ double parts[kThreads];
  for (int64_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    const otc_importance_task& task =
        tasks[find_task(tasks, count, &otc_importance_task::first_tile, tile)];
    int first = static_cast<int>(tile - task.first_tile) * kRows;
    int rows = min(kRows, task.n - first);
    if (threadIdx.x < kRows) sums[threadIdx.x] = 0;
    for (int p = 0; p < task.count; p++) {
      __syncthreads();
      if (task.producers[p].inner >= kWarp) {
        add_runs(task.producers[p], first, rows, task.norm, sums);
      } else {
        add_lanes(task.producers[p], first, rows, task.norm, sums, parts);
      }
    }
    __syncthreads();
    double* norms = reinterpret_cast<double*>(workspace + task.scratch);
    int r = static_cast<int>(threadIdx.x);
    if (r < rows) norms[first + r] = task.norm == OTC_L1 ? sums[r] : sqrt(sums[r]);
    __syncthreads();
  }
}

__global__ void __launch_bounds__(kThreads)
    importance_masses(const otc_importance_task* tasks, int count, const char* workspace) {
  __shared__ double scratch[kWarps];
  for (int t = static_cast<int>(blockIdx.x); t < count; t += static_cast<int>(gridDim.x)) {
    const otc_importance_task& task = tasks[t];
    const double* norms = reinterpret_cast<const double*>(workspace + task.scratch);
    double sum = 0;
    for (int i = static_cast<int>(threadIdx.x); i < task.n; i += kThreads) sum += norms[i];
    sum = block_sum<kWarps>(sum, scratch);
    double total = sum > 0 ? sum : 1;
    double share = (sum > 0 ? 1 : 0) + kFloor * task.n;
    for (int i = static_cast<int>(threadIdx.x); i < task.n; i += kThreads) {
      task.mass[i] = static_cast<float>((norms[i] / total + kFloor) / share);
    }
  }
}

}  // namespace
}  // namespace otc

// -----------------------------------------------------------------------------------------------

int otc_importance_prepare(otc_importance_task* tasks, int32_t count, otc_launch* launch) {
  if (!otc::reset(tasks, count, launch)) return cudaErrorInvalidValue;
  for (int32_t t = 0; t < count; t++) {
    otc_importance_task& task = tasks[t];
    if (!otc::is_size(task.n) || !otc::is_array(task.mass, task.n) ||
        !otc::is_array(task.producers, task.count)) {
      return cudaErrorInvalidValue;
    }
    if (task.norm != OTC_L1 && task.norm != OTC_L2) return cudaErrorInvalidValue;
    task.first_tile = launch->tiles;
    otc::append(launch->tiles, otc::ceil_div<int64_t>(task.n, otc::kRows));
    task.scratch = launch->workspace;
    if (!otc::append(launch->workspace, otc::aligned(int64_t{task.n} * 8))) {
      return cudaErrorInvalidValue;
    }
  }
  return cudaSuccess;
}

int otc_importance(const otc_importance_task* tasks, const otc_launch* launch, void* workspace,
                   void* stream) {
  if (!otc::usable(tasks, launch, workspace)) return cudaErrorInvalidValue;
  char* memory = static_cast<char*>(workspace);
  int error = otc::start(otc::importance_norms, launch->tiles, otc::kThreads, 0, stream, tasks,
                         launch->count, launch->tiles, memory);
  if (error != cudaSuccess) return error;
  return otc::start(otc::importance_masses, launch->count, otc::kThreads, 0, stream, tasks,
                    launch->count, static_cast<const char*>(memory));
}
